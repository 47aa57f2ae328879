package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// A user who signs in for the permissions of ACS itself gets a token of ACS, once the resource says that she may.
func TestEntraUserAtACS(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	const scope = "https://communication.azure.com/clients/VoIP https://communication.azure.com/clients/Chat"
	code := answerOf(t, b.pick(e, with(authorizeForm(), "scope", scope+" openid"), "alice")).Get("code")
	token, _ := b.post(tokenURL(e), with(codeForm(code), "scope", scope+" openid")).json(t)["access_token"].(string)

	exchange := func() answer {
		req, err := http.NewRequestWithContext(t.Context(), "POST", e.ACSURL()+"/access/entra/:exchangeAccessToken?api-version=2025-03-02-preview", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
		return try(t, req)
	}
	if a := exchange(); !a.has(403, "Forbidden") {
		t.Errorf("without an assignment: %+v", a)
	}
	a := acsCall(t, e, "PUT", "/access/entra/assignments/"+emulator.AliceObjectID+"?api-version=2025-03-02-preview",
		`{"principalType":"user","tenantId":"`+emulator.TenantID+`","clientIds":["`+emulator.SPAClientID+`"]}`)
	if a.status != 201 {
		t.Fatalf("assignment: %+v", a)
	}
	want := "8:acs:" + emulator.ResourceID + "_wf_" + emulator.TenantID + "_" + emulator.AliceObjectID
	if a := exchange(); a.status != 200 || !strings.Contains(a.body, want) {
		t.Errorf("with an assignment: %+v, want %s", a, want)
	}
}
