package entra

import (
	"net/http"
	"strings"
	"testing"
)

// What is kept of a sign-in is bounded, and as long as it may be it is in a snapshot that can be restored.
func TestWhatIsKeptIsBounded(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	scope := testScope + " openid offline_access"
	scope += strings.Repeat(" ", maxScopeText-len(scope))
	nonce := strings.Repeat("n", maxNonce)
	if page := a.do("POST", authorizePath, spaRequest("scope", scope, "nonce", nonce+"n")); page.Code != http.StatusBadRequest || !strings.Contains(page.Body.String(), "AADSTS90023") {
		t.Errorf("a long nonce: %d", page.Code)
	}
	if got := answer(t, a.do("POST", authorizePath, spaRequest("scope", scope+" "))); !strings.HasPrefix(got.Get("error_description"), "AADSTS70011") {
		t.Errorf("a long scope: %v", got)
	}
	long := "http://localhost/" + strings.Repeat("x", maxURI)
	if loopbackRedirect(long) || anyLoopback(long) {
		t.Error("a long redirect URI on loopback is allowed")
	}
	tokens := a.redeem(a.press(a.do("POST", authorizePath, spaRequest("scope", scope, "nonce", nonce)), "user", "alice"), testSPA)
	if tokens["refresh_token"] == nil {
		t.Fatalf("%v", tokens)
	}
	saved, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Restore(saved); err != nil {
		t.Error(err)
	}
}
