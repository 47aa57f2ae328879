package entra

import (
	"encoding/json"
	"testing"
	"time"
)

// What consents, challenges, revocations and certificates left behind is in a snapshot.
func TestFlowSurvivesSnapshot(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	if err := w.RevokeSessions("alice"); err != nil {
		t.Fatal(err)
	}
	page := a.press(a.get(authorizePath, freshRequest()), "user", "alice")
	fresh := a.redeem(a.press(page, "action", "accept"), testFresh)
	tokens := a.redeem(a.press(a.get(authorizePath, spaRequest("claims", stepUpChallenge)), "user", "alice"), testSPA)
	w.addCertificate(t, testAPI, w.keys.current().cert)
	workload := w.workloadToken(t, WorkloadSubject, ExchangeAudience, time.Hour)
	w.obstruct(t, Obstacle{Code: 53003, Times: 3, User: "bob", Grants: []string{"refresh_token", "on_behalf_of"}})
	saved, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	w.Reset()
	w.flow.certs.added, w.flow.workload.key = nil, nil
	if body := a.token(refreshForm(tokens["refresh_token"])); body["access_token"] != nil {
		t.Fatal("a reset does not end refresh tokens")
	}
	if err := w.Restore(saved); err != nil {
		t.Fatal(err)
	}
	again, err := w.Snapshot()
	if err != nil || string(again) != string(saved) {
		t.Errorf("the snapshot of what was restored is another one: %v", err)
	}
	w.obstruct(t, Obstacle{Claims: stepUpChallenge})
	if body := a.token(refreshForm(tokens["refresh_token"])); a.token(oboForm(body["access_token"]))["access_token"] == nil {
		t.Errorf("the answer to the challenge is lost: %v", body)
	}
	if body := a.token(refreshForm(fresh["refresh_token"], "client_id", testFresh, "client_secret", testSecret)); body["access_token"] == nil {
		t.Errorf("the consent is lost: %v", body)
	}
	if body := a.token(assertionForm(workload)); body["access_token"] == nil {
		t.Errorf("the key of the workload issuer is lost: %v", body)
	}
	if len(w.flow.certs.added[testAPI]) != 1 {
		t.Error("the certificate is lost")
	}
	if !a.signedIn() {
		t.Error("the session is lost")
	}

	for name, change := range map[string]func(*savedFlow){
		"key":          func(f *savedFlow) { f.Workload.PKCS8 = nil },
		"consents":     func(f *savedFlow) { f.Consents = make([]savedConsent, maxConsents+1) },
		"grant":        func(f *savedFlow) { f.Obstacle.Grants = []string{"password"} },
		"certificates": func(f *savedFlow) { f.Certificates[testAPI] = make([][]byte, maxCertificates+1) },
	} {
		var in snapshot
		if err := json.Unmarshal(saved, &in); err != nil {
			t.Fatal(err)
		}
		change(&in.Flow)
		bad, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if w.Restore(bad) == nil {
			t.Errorf("%s: restored", name)
		}
	}
}

func TestCheckFlow(t *testing.T) {
	w := newWorld(t)
	der := w.keys.current().cert
	for name, change := range map[string]func(*App){
		"certificate":         func(a *App) { a.Certificates = [][]byte{{1}} },
		"certificates":        func(a *App) { a.Certificates = make([][]byte, maxCertificates+1) },
		"public":              func(a *App) { a.Public, a.Certificates = true, [][]byte{der} },
		"federated":           func(a *App) { a.Federated = []Federated{{"i", "", "a"}} },
		"federated, too many": func(a *App) { a.Federated = make([]Federated, maxFederated+1) },
		"front channel":       func(a *App) { a.FrontChannel = "javascript:alert(1)" },
		"fragment":            func(a *App) { a.FrontChannel = "https://a.example/#x" },
		"scope":               func(a *App) { a.Requested = map[string][]string{testGraph: {"User.Fly"}} },
		"role":                func(a *App) { a.RequestedRoles = map[string][]string{testTenant: {"x"}} },
	} {
		app := App{ID: "11111111-0000-4000-8000-0000000000aa"}
		change(&app)
		if w.dir.checkFlow(&app) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	good := App{Certificates: [][]byte{der}, Federated: []Federated{{"https://i.example", "s", "a"}}, FrontChannel: "https://a.example/x",
		Requested: map[string][]string{testGraph: {"User.Read"}}}
	if err := w.dir.checkFlow(&good); err != nil {
		t.Error(err)
	}
}
