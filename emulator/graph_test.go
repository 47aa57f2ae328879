package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// post sends JSON to the administration listener.
func post(t *testing.T, target, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(target, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// onBehalfOf asks for a Graph token for alice and returns the answer.
func onBehalfOf(t *testing.T, e *emulator.Emulator) (int, map[string]any) {
	t.Helper()
	assertion, err := e.MintToken(emulator.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm(e.Authority()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "requested_token_use": {"on_behalf_of"}, "assertion": {assertion},
		"client_id": {emulator.APIClientID}, "client_secret": {emulator.APIClientSecret}, "scope": {"https://graph.microsoft.com/User.ReadWrite"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func TestOnBehalfOfObstacles(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	if status, answer := onBehalfOf(t, e); status != 200 {
		t.Fatal(status, answer)
	}
	if status, text := post(t, e.AdminURL()+"/obo", `{"claims":"{\"a\":1}"}`); status != 200 {
		t.Fatal(status, text)
	}
	if status, answer := onBehalfOf(t, e); status != 400 || answer["error"] != "interaction_required" || answer["suberror"] != "basic_action" || answer["claims"] != `{"a":1}` {
		t.Errorf("%d %v", status, answer)
	}
	e.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
	if status, answer := onBehalfOf(t, e); status != 400 || answer["error"] != "invalid_grant" || answer["suberror"] != "consent_required" || answer["claims"] != nil {
		t.Errorf("%d %v", status, answer)
	}
	e.Reset()
	if status, answer := onBehalfOf(t, e); status != 200 {
		t.Error(status, answer)
	}
}

func TestGraphSwitches(t *testing.T) {
	e := emulator.Start(t, emulator.Options{Graph: emulator.GraphBehaviour{ReadLag: time.Second}})
	admin := e.AdminURL()
	for path, body := range map[string]string{
		"/graph":  `{"readLag":"2s","lagVaries":true,"duplicateStatus":409,"claims":"{}","throttle":9,"retryAfter":-1}`,
		"/faults": `{"op":"graph.add","times":-1,"fault":{"status":429,"retryAfter":"1","delay":"1ms"}}`,
	} {
		if status, text := post(t, admin+path, body); status != 200 {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for path, body := range map[string]string{
		"/graph": `{"readLag":"11m"}`, "/graph#": `{"duplicateStatus":412}`, "/graph##": `{"readLag":"soon"}`, "/graph###": `{"throttle":-1}`,
		"/faults": `{"op":"graph.steal","fault":{"status":429}}`, "/faults#": `{"op":"graph.add","fault":{"status":200}}`,
	} {
		if status, text := post(t, admin+strings.TrimRight(path, "#"), body); status != 400 {
			t.Errorf("%s %s: %d %s", path, body, status, text)
		}
	}
	resp, err := http.Get(admin + "/faults")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(text), "graph.add") {
		t.Errorf("faults: %s", text)
	}
	if _, err := emulator.New(emulator.Options{Graph: emulator.GraphBehaviour{DuplicateStatus: 1}}); err == nil {
		t.Error("a wrong option is taken")
	}
	e.Reset()
	if err := e.SetGraph(emulator.GraphBehaviour{ReadLag: -1}); err == nil {
		t.Error("a wrong lag is taken")
	}
}
