package entra

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// full is a service with something of everything in its state, and what came of it.
func full(t *testing.T, now *time.Time) (s *Service, refresh, access, code string) {
	t.Helper()
	s = newTestService(now)
	if err := s.AddUser(newUser("zoe")); err != nil {
		t.Fatal(err)
	}
	a := newApp()
	a.RedirectURIs = []string{"http://localhost/"}
	if err := s.AddApp(a); err != nil {
		t.Fatal(err)
	}
	if err := s.RevokeSessions("zoe"); err != nil { // her tokens are of the second generation
		t.Fatal(err)
	}
	body := tokens(t, s, tidA, a.ID, "api://"+a.ID+"/mine offline_access", "zoe")
	code = authorized(t, s, tidA, webID, "api://api/use", "ann")
	if err := s.SetObstacle(Obstacle{Code: 50076, User: "ben"}); err != nil {
		t.Fatal(err)
	}
	return s, body["refresh_token"].(string), body["access_token"].(string), code
}

func TestSnapshotAndRestore(t *testing.T) {
	now := at2026()
	s, refresh, access, code := full(t, now)
	if err := s.RotateKeys(false); err != nil { // keys that no other service has
		t.Fatal(err)
	}
	fresh, _, err := s.Mint(MintRequest{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := newTestService(now)
	if err := other.AddUser(newUser("yan")); err != nil {
		t.Fatal(err)
	}
	if err := other.Restore(b); err != nil {
		t.Fatal(err)
	}
	if other.dir.user("yan") != nil || other.dir.user("zoe") == nil {
		t.Error("the users are not those of the snapshot")
	}
	for name, token := range map[string]string{"retired": access, "new": fresh} {
		if _, err := other.Verify(token); err != nil {
			t.Errorf("token of the %s key: %v", name, err)
		}
	}
	again := call(other, "POST", "/"+tidA+"/oauth2/v2.0/token", url.Values{"grant_type": {grantRefresh}, "client_id": {oid("91")}, "refresh_token": {refresh}})
	if c := claimsOf(t, answerOf(t, again)["access_token"].(string)); c["oid"] != s.dir.user("zoe").ObjectID {
		t.Errorf("refreshed: %v", c)
	}
	answerOf(t, call(other, "POST", "/"+tidA+"/oauth2/v2.0/token", url.Values{
		"grant_type": {grantCode}, "client_id": {webID}, "code": {code}, "redirect_uri": {"http://localhost/"}, "code_verifier": {pkceVerifier},
	}))
	if o := other.Obstacle(); o.Code != 50076 || o.User != "ben" {
		t.Errorf("obstacle %+v", o)
	}
	if got, want := len(other.Issued()), len(s.Issued())+2; got != want {
		t.Errorf("%d issued tokens, want %d", got, want)
	}
	if n := other.Counters()["revoked"]; n != 1 {
		t.Errorf("counters %v", other.Counters())
	}
	if err := other.RotateKeys(true); err != nil {
		t.Errorf("a restored ring does not rotate: %v", err)
	}
}

// A snapshot that was restored and is taken again is the same.
func TestSnapshotIsStable(t *testing.T) {
	now := at2026()
	s, _, _, _ := full(t, now)
	first, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := newTestService(now)
	if err := other.Restore(first); err != nil {
		t.Fatal(err)
	}
	second, err := other.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("%s\n%s", first, second)
	}
}

func TestRestoreRefusals(t *testing.T) {
	now := at2026()
	s, _, _, _ := full(t, now)
	good, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*snapshot){
		"version":             func(in *snapshot) { in.Version = 2 },
		"no keys":             func(in *snapshot) { delete(in.Rings, "") },
		"one key":             func(in *snapshot) { in.Rings[""] = in.Rings[""][:1] },
		"five keys":           func(in *snapshot) { k := in.Rings[""]; in.Rings[""] = append(append(append(k, k...), k...), k...)[:5] },
		"keys of nobody":      func(in *snapshot) { in.Rings["x"] = in.Rings[""] },
		"keys of no policy":   func(in *snapshot) { in.Rings[tidC] = in.Rings[""] },
		"key":                 func(in *snapshot) { in.Rings[""][0].PKCS8 = []byte{1} },
		"certificate":         func(in *snapshot) { in.Rings[""][0].Cert = []byte{1} },
		"another certificate": func(in *snapshot) { in.Rings[""][0].Cert = in.Rings[""][1].Cert },
		"user twice":          func(in *snapshot) { in.Users = append(in.Users, in.Users[0]) },
		"user of the start":   func(in *snapshot) { in.Users[0].Name = "ann" },
		"application":         func(in *snapshot) { in.Apps[0].Exposes.Version = "9" },
		"code of nobody":      func(in *snapshot) { in.Codes[0].Facts.User = oid("99") },
		"code of no client":   func(in *snapshot) { in.Codes[0].App = "x" },
		"code without a name": func(in *snapshot) { in.Codes[0].Name = "" },
		"code twice":          func(in *snapshot) { in.Codes = append(in.Codes, in.Codes[0]) },
		"codes":               func(in *snapshot) { in.Codes = make([]savedCode, vaultLimit+1) },
		"long code":           func(in *snapshot) { in.Codes[0].Facts.Scopes = strings.Repeat("x", maxSavedText+1) },
		"refresh token":       func(in *snapshot) { in.Refresh[0].Facts.UserTenant = tidB },
		"session":             func(in *snapshot) { in.Sessions[0].User = "x" },
		"obstacle":            func(in *snapshot) { in.Flow.Obstacle.Code = 1 },
		"obstacle of nobody":  func(in *snapshot) { in.Flow.Obstacle.User = "nobody" },
		"issued tokens":       func(in *snapshot) { in.Issued = make([]IssuedToken, maxIssued+1) },
		"consent":             func(in *snapshot) { in.Flow.Consents = []savedConsent{{App: strings.Repeat("x", 300)}} },
		"certificate of app":  func(in *snapshot) { in.Flow.Certificates = map[string][][]byte{webID: {{1}}} },
		"certificate of none": func(in *snapshot) { in.Flow.Certificates = map[string][][]byte{oid("99"): nil} },
	} {
		var in snapshot
		if err := json.Unmarshal(good, &in); err != nil {
			t.Fatal(err)
		}
		change(&in)
		bad, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		wantUnchanged(t, s, name, bad, good)
	}
	for name, bad := range map[string]string{"empty": "", "no object": "[]", "two": string(good) + "{}", "unknown member": `{"version":1,"shoes":2}`, "cut off": string(good[:len(good)/2])} {
		wantUnchanged(t, s, name, []byte(bad), good)
	}
}

// wantUnchanged checks that a bad snapshot is refused and leaves the state as it is.
func wantUnchanged(t *testing.T, s *Service, name string, bad, before []byte) {
	t.Helper()
	if err := s.Restore(bad); err == nil {
		t.Errorf("%s: restored", name)
	}
	if after, err := s.Snapshot(); err != nil || string(after) != string(before) {
		t.Errorf("%s: the state has changed (%v)", name, err)
	}
}

// Snapshots and restores may happen while the service answers.
func TestSnapshotWhileServing(t *testing.T) {
	now := at2026()
	s, _, _, _ := full(t, now)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 4 {
				if body := tokens(t, s, tidA, webID, "api://api/use offline_access", "ann"); body["access_token"] == nil {
					t.Error("no token")
				}
			}
		})
	}
	wg.Go(func() {
		for range 4 {
			if b, err := s.Snapshot(); err != nil || len(b) == 0 {
				t.Error(err)
			}
			if err := s.AddUser(newUser("u" + randomHexForTest())); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	b, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Restore(b); err != nil {
		t.Error(err)
	}
}

func randomHexForTest() string { return strings.ReplaceAll(newGUID(), "-", "") }
