package entra

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// The crowd are ten million more users, for load and for tests: user-1 to
// user-9999999. They need no set-up, and the sign-in page does not list them.
const crowdID = "ac5a0000-0000-4001-a000-"

var (
	crowdName   = regexp.MustCompile(`^user-([1-9][0-9]{0,6})$`)
	crowdObject = regexp.MustCompile(`^` + crowdID + `0{5}([0-9]{7})$`)
)

// crowd finds a user of the crowd by short name, object id or user principal name.
func (d *Directory) crowd(key string) *User {
	key = strings.TrimSuffix(strings.ToLower(key), "@"+d.Domain)
	m := crowdName.FindStringSubmatch(key)
	if m == nil {
		m = crowdObject.FindStringSubmatch(key)
	}
	if m == nil {
		return nil
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n == 0 {
		return nil
	}
	name := fmt.Sprintf("user-%d", n)
	oid, upn := fmt.Sprintf("%s%012d", crowdID, n), name+"@"+d.Domain
	return &User{
		User: emu.User{ObjectID: oid, TenantID: d.TenantID, UPN: upn, Mail: upn, TeamsLicense: true,
			DisplayName: fmt.Sprintf("User %d", n), GivenName: "User", Surname: strconv.Itoa(n)},
		Name: name, HomeObjectID: oid, HomeTenantID: d.TenantID,
	}
}
