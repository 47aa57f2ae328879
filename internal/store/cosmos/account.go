package cosmos

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The consistency levels of an account that matter here.
const (
	strong    = "Strong"
	bounded   = "BoundedStaleness"
	session   = "Session"
	raiseLine = "az cosmosdb update --name ACCOUNT --resource-group GROUP --default-consistency-level BoundedStaleness --max-interval %d --max-staleness-prefix %d"
)

// errAccount is wrapped by the error of an account that cannot keep our promises.
var errAccount = errors.New("the account cannot be used")

// An account is what the service says about itself.
type account struct {
	level     string
	writeHost string // of the one region that takes writes
	regions   int    // that serve reads
	err       error  // why it cannot be used
}

// readAccount judges a description of the account.
func readAccount(text []byte, allowSession bool) *account {
	type region struct{ DatabaseAccountEndpoint string }
	var d struct {
		WritableLocations, ReadableLocations []region
		EnableMultipleWriteLocations         bool
		UserConsistencyPolicy                struct{ DefaultConsistencyLevel string }
	}
	if json.Unmarshal(text, &d) != nil || len(d.WritableLocations) == 0 {
		return &account{err: fmt.Errorf("%w: its description cannot be read", errAccount)}
	}
	a := &account{level: d.UserConsistencyPolicy.DefaultConsistencyLevel, regions: len(d.ReadableLocations)}
	if d.EnableMultipleWriteLocations || len(d.WritableLocations) > 1 {
		a.err = fmt.Errorf("%w: it has several write regions, and each would take an identity for the same user; run "+
			"az cosmosdb update --name ACCOUNT --resource-group GROUP --enable-multiple-write-locations false", errAccount)
		return a
	}
	u, err := url.Parse(d.WritableLocations[0].DatabaseAccountEndpoint)
	if err != nil || u.Host == "" {
		a.err = fmt.Errorf("%w: its description names no write region", errAccount)
		return a
	}
	a.writeHost = u.Host
	a.err = a.judge(allowSession)
	return a
}

// judge refuses consistency levels that let a replica read what is old.
func (a *account) judge(allowSession bool) error {
	if a.level == strong || a.level == bounded || a.level == session && allowSession {
		return nil
	}
	interval, prefix := 5, 10 // the least that the service takes
	if a.regions > 1 {
		interval, prefix = 300, 100000
	}
	return fmt.Errorf("%w: its default consistency level is %q, with which one replica of this program does not see what another has written; run "+
		raiseLine, errAccount, a.level, interval, prefix)
}

// refuses says why a request must not be sent. With bounded staleness reads
// of another region are old, so none may go there, not even when the write region is down.
func (a *account) refuses(req *http.Request) error {
	switch {
	case a.err != nil:
		return a.err
	case req.URL.Scheme != "https" && !loopback(req.URL.Hostname()):
		return errors.New("it would leave this machine in the clear")
	case a.level != strong && a.regions > 1 && !strings.EqualFold(req.URL.Host, a.writeHost):
		return errors.New("it would go to a region that may lag")
	}
	return nil
}
