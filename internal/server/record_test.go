package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/audit"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// A written is what the tests read of an audit line.
type written struct {
	Kind, Request, Operation, Outcome, Code, Who, Target, Rule, Identity string
	Status, Count, Minutes                                               int
	Noted, Created                                                       bool
	Scopes                                                               []acsauth.Scope
	Token                                                                string `json:"token_sha256"`
}

// audited is a world with an audit log; list reads its decisions.
func audited(t *testing.T, change func(*serverOptions)) (w *world, list func() []written) {
	t.Helper()
	trail := new(buffer)
	log := openAudit(t, trail)
	w = newWorld(t, func(o *serverOptions) {
		o.Audit = log
		if change != nil {
			change(o)
		}
	})
	return w, func() (all []written) {
		noSecrets(t, trail.String())
		for line := range strings.Lines(trail.String()) {
			var one written
			if err := json.Unmarshal([]byte(line), &one); err != nil {
				t.Fatal(err)
			}
			if one.Kind == "decision" {
				all = append(all, one)
			}
		}
		return all
	}
}

func openAudit(t *testing.T, w io.Writer) *audit.Log {
	t.Helper()
	log, err := audit.Open(audit.Options{Writer: w, Keys: [][]byte{[]byte("a key of the tests with 32 bytes")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// TestOneRecordForEachDecision: what each kind of call leaves in the audit log, exactly once.
func TestOneRecordForEachDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, list := audited(t, nil)
		alice := w.do("GET", "/api/user/export", "", w.alice()).object(t)["auditHash"].(string)
		calls := []struct {
			do   func() answer
			want written
		}{
			{func() answer { return w.do("GET", "/getUser", "") }, written{Operation: "getUser", Outcome: "refused", Code: "token_missing", Status: 401}},
			{func() answer { return w.do("GET", "/getToken", "", w.alice()) }, written{Operation: "getToken", Outcome: "allowed", Status: 200}},
			{func() answer { return w.do("POST", "/api/token", `{"scopes":["voip"]}`, w.alice()) }, written{Operation: "getToken", Outcome: "refused", Code: "scope_not_allowed", Status: 403}},
			{func() answer { return w.do("POST", "/exchangeToken", "", w.alice(), w.teams()) }, written{Operation: "exchangeToken", Outcome: "allowed", Status: 200}},
			{func() answer { return w.do("POST", "/revokeTokens", "", w.alice()) }, written{Operation: "revokeTokens", Outcome: "allowed", Status: 204}},
			{func() answer { return w.do("GET", "/api/user/export", "", w.alice()) }, written{Operation: "exportUser", Outcome: "allowed", Status: 200}},
			{func() answer { return admin(w, "/api/admin/lookup", "") }, written{Operation: "admin.lookup", Outcome: "allowed", Status: 200, Target: alice}},
			{func() answer { return w.do("DELETE", "/api/user", "", w.alice()) }, written{Operation: "deleteUser", Outcome: "allowed", Status: 204}},
			{func() answer { panics(w, ""); return w.do("GET", "/getUser", "", w.alice()) }, written{Operation: "getUser", Outcome: "failed", Code: "internal", Status: 500}},
		}
		for i, c := range calls {
			a := c.do()
			lines := list()[1:] // the first is of the export above
			if len(lines) != i+1 {
				t.Fatalf("call %d left %d records", i, len(lines)-i)
			}
			got := lines[i]
			if got.Operation != c.want.Operation || got.Outcome != c.want.Outcome || got.Code != c.want.Code || got.Status != c.want.Status ||
				a.StatusCode != got.Status || got.Target != c.want.Target || got.Request != a.Header.Get("X-Request-Id") {
				t.Errorf("call %d, status %d: %+v", i, a.StatusCode, got)
			}
			if known := got.Who != ""; known == (got.Code == "token_missing") || known && got.Who == alice == (got.Target != "") {
				t.Errorf("call %d: who %q", i, got.Who)
			}
			if (got.Token != "") != (got.Outcome == "allowed" && (got.Operation == "getToken" || got.Operation == "exchangeToken")) {
				t.Errorf("call %d: token hash %q", i, got.Token)
			}
		}
		sum := sha256.Sum256([]byte(acsToken))
		first := list()[2]
		if first.Token != hex.EncodeToString(sum[:]) || first.Minutes != 60 || !slices.Equal(first.Scopes, []acsauth.Scope{"chat", "voip.join"}) || first.Identity == "" || !first.Created {
			t.Errorf("%+v", first)
		}
		for _, target := range []string{"/livez", "/openapi.yaml", "/none"} { // no decisions
			w.do("GET", target, "")
		}
		if n := len(list()); n != 1+len(calls) {
			t.Errorf("%d records", n)
		}
	})
}

// TestNothingIsHandedOutUnwritten: a token whose record cannot be written stays here, a refusal stays what it is.
func TestNothingIsHandedOutUnwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &full{}
		log := openAudit(t, disk)
		disk.err = errors.New("inside-disk is full")
		w := newWorld(t, func(o *serverOptions) { o.Audit = log })
		w.do("GET", "/getToken", "", w.alice()).is(t, 503, "audit_unavailable")
		w.do("GET", "/getToken", "").is(t, 401, "token_missing")
	})
}

// A full writer fails with err.
type full struct{ err error }

func (f *full) Write(p []byte) (int, error) { return len(p), f.err }

// TestPolicy: what the policy gives is what the caller gets.
func TestPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var grant policy.Decision
		w, list := audited(t, func(o *serverOptions) {
			o.Policy = func(c acsauth.Caller, op policy.Operation) policy.Decision {
				if c.Key.Subject != aliceOID || op == "" {
					t.Errorf("the policy is asked about %q", op)
				}
				return grant
			}
		})
		grant = policy.Decision{Rule: "guests", Reason: "Guests may not call."}
		called := false
		w.acs.fail(func(*http.Request) (*http.Response, error) {
			called = true
			return nil, errors.New("no call was to come")
		})
		o := w.do("GET", "/getToken", "", w.alice()).object(t)
		if o["code"] != "policy_denied" || o["expected"] != "a rule that allows getToken" || o["found"] != "rule guests" || list()[0].Rule != "guests" {
			t.Errorf("%v %+v", o, list()[0])
		}
		if called {
			t.Error("a refused call reached ACS")
		}
		w.acs.fault.Store(nil)
		grant = policy.Decision{Allowed: true, Rule: "all", Scopes: []acsauth.Scope{"voip"}, MaxLifetime: 2 * time.Hour}
		a := w.do("POST", "/getToken", "", w.alice())
		if a.is(t, 200, ""); a.object(t)["scopes"].([]any)[0] != "voip" {
			t.Errorf("%s", a.body)
		}
		w.do("GET", "/getToken?scopes=chat", "", w.alice()).is(t, 403, "scope_not_allowed")
		w.do("GET", "/getToken?scopes=voip.join", "", w.alice()).is(t, 200, "")
		w.do("POST", "/api/token", `{"expiresInMinutes":121}`, w.alice()).is(t, 400, "lifetime_invalid")
		w.do("POST", "/api/token", `{"expiresInMinutes":120}`, w.alice()).is(t, 201, "")
		w.do("GET", "/getToken?expiresInMinutes=61", "", w.alice()).is(t, 400, "lifetime_invalid") // the route gives 60
		grant = policy.Decision{Allowed: true, Scopes: []acsauth.Scope{}}
		w.do("GET", "/getToken", "", w.alice()).is(t, 403, "scope_not_allowed")
		grant = policy.Decision{Allowed: true, Noted: true, Rule: "later"}
		w.do("GET", "/getUser", "", w.alice()).is(t, 200, "")
		if last := list()[len(list())-1]; !last.Noted || len(w.lines("the policy would refuse this", "later")) != 1 {
			t.Errorf("%+v", last)
		}
	})
}

// TestStrangersDoNotFillTheDisk: a flood of bad tokens leaves a bounded trail that tells how long the flood was.
func TestStrangersDoNotFillTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, list := audited(t, nil)
		for range 1000 {
			w.do("GET", "/getUser", "")
		}
		if n := len(list()); n != 100 {
			t.Errorf("%d records of 1000 refusals at once", n)
		}
		w.do("GET", "/getUser", "", w.alice()).is(t, 201, "")
		time.Sleep(time.Second)
		w.do("GET", "/getUser", "")
		if all := list(); len(all) != 102 || all[101].Count != 900 {
			t.Errorf("%d records, the last says %+v", len(all), all[len(all)-1])
		}
	})
}
