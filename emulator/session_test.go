package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// whoIs redeems the code of an answer and names its user; without a code it gives the error.
func whoIs(t *testing.T, e *emulator.Emulator, answer url.Values) string {
	t.Helper()
	if answer.Get("code") == "" {
		return answer.Get("error")
	}
	body := newBrowser(t).post(tokenURL(e), codeForm(answer.Get("code"))).json(t)
	_, claims := parts(t, body["id_token"].(string))
	return claims["name"].(string)
}

func TestSilentSignIn(t *testing.T) {
	clock := newClock()
	e := emulator.Start(t, emulator.Options{Now: clock.now})
	b := newBrowser(t)
	authorize := func(b browser, pairs ...string) reply {
		return b.get(e.Authority() + "/oauth2/v2.0/authorize?" + with(authorizeForm(), pairs...).Encode())
	}
	silent := func(b browser, pairs ...string) string { return whoIs(t, e, answerOf(t, authorize(b, pairs...))) }

	if got := silent(b, "prompt", "none"); got != "login_required" {
		t.Errorf("no session: %s", got)
	}
	if got := silent(newBrowser(t), "prompt", "none", "login_hint", "bob@acsauth.example"); got != "Bob Brown" {
		t.Errorf("hint: %s", got)
	}
	if got := silent(b, "prompt", "none", "login_hint", "mallory@acsauth.example"); got != "login_required" {
		t.Errorf("unknown hint: %s", got)
	}
	if r := authorize(b, "login_hint", "bob"); r.status != http.StatusOK {
		t.Errorf("a hint without a session shows the page: %d", r.status)
	}
	b.signIn(e, "alice")
	if got := silent(b, "prompt", "none"); got != "Alice Adams" {
		t.Errorf("session: %s", got)
	}
	if got := silent(b); got != "Alice Adams" {
		t.Errorf("session, no prompt: %s", got)
	}
	if got := silent(b, "login_hint", "carol@acsauth.example"); got != "Carol Clark" {
		t.Errorf("session, hint: %s", got)
	}
	for _, prompt := range []string{"login", "select_account", "consent"} {
		if r := authorize(b, "prompt", prompt, "login_hint", "alice"); r.status != http.StatusOK || !strings.Contains(r.body, `value="alice" autofocus`) {
			t.Errorf("prompt=%s has to show the page: %d", prompt, r.status)
		}
	}
	clock.advance(24 * time.Hour)
	if got := silent(b, "prompt", "none"); got != "login_required" {
		t.Errorf("session of yesterday: %s", got)
	}
}

// An authorize request may come as a form, too.
func TestAuthorizePost(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	form := with(authorizeForm(), "prompt", "none", "login_hint", "alice")
	if got := whoIs(t, e, answerOf(t, b.post(e.Authority()+"/oauth2/v2.0/authorize", form))); got != "Alice Adams" {
		t.Error(got)
	}
	if r := b.send("POST", e.Authority()+"/oauth2/v2.0/authorize", "%zz", "Content-Type", "application/x-www-form-urlencoded"); r.status != http.StatusBadRequest {
		t.Errorf("bad form: %d", r.status)
	}
}

func TestLogout(t *testing.T) {
	e := shared()
	b := newBrowser(t)
	out := e.Authority() + "/oauth2/v2.0/logout?"
	b.signIn(e, "alice")
	r := b.get(out + url.Values{"post_logout_redirect_uri": {"http://localhost:3000/?a=b#top"}, "state": {"s&1"}}.Encode())
	if r.status != http.StatusOK {
		t.Errorf("a URI with a fragment is not registered: %d", r.status)
	}
	if got := b.get(e.Authority() + "/oauth2/v2.0/authorize?" + with(authorizeForm(), "prompt", "none").Encode()); answerOf(t, got).Get("error") != "login_required" {
		t.Error("the session is still there")
	}
	r = b.get(out + url.Values{"post_logout_redirect_uri": {"http://localhost:3000/?a=b"}, "state": {"s&1"}}.Encode())
	if r.status != http.StatusFound || r.header.Get("Location") != "http://localhost:3000/?a=b&state=s%261" {
		t.Errorf("%d %q", r.status, r.header.Get("Location"))
	}
	r = b.get(out + url.Values{"post_logout_redirect_uri": {emulator.APIRedirectURI}}.Encode())
	if r.status != http.StatusFound || r.header.Get("Location") != emulator.APIRedirectURI {
		t.Errorf("%d %q", r.status, r.header.Get("Location"))
	}
	r = b.get(out + url.Values{"post_logout_redirect_uri": {"https://evil.example/"}}.Encode())
	if r.status != http.StatusOK || r.header.Get("Location") != "" || !strings.Contains(r.body, "signed out") {
		t.Errorf("open redirect: %d %q", r.status, r.header.Get("Location"))
	}
}
