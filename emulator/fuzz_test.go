package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// serve calls the handler without a network.
func serve(e *emulator.Emulator, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	return w
}

// No form makes the token endpoint panic, fail, or answer something that is not JSON.
func FuzzToken(f *testing.F) {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	token, err := e.MintToken(emulator.TokenRequest{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(daemonForm(emulator.AppIDURI + "/.default").Encode())
	f.Add(oboForm(token, "User.Read openid offline_access").Encode())
	f.Add(oboForm(token, "https://graph.microsoft.com/.default").Encode() + "&claims=%7B%22access_token%22%3A1%7D")
	f.Add(codeForm("1.Aa").Encode())
	f.Add("grant_type=refresh_token&refresh_token=1.AX&client_id=" + emulator.SPAClientID + "&scope=/ // /.default a/b")
	f.Add("%zz&=&grant_type=")
	f.Fuzz(func(t *testing.T, body string) {
		w := serve(e, "POST", "/common/oauth2/v2.0/token", body)
		got := reply{w.Code, w.Header(), w.Body.String()}.json(t)
		if (w.Code == http.StatusOK) != (got["access_token"] != nil) || w.Code >= 500 || (got["error"] == "") {
			t.Errorf("%d %v", w.Code, got)
		}
	})
}

// No query makes the authorize endpoint panic or send somebody to a place that is not registered.
func FuzzAuthorize(f *testing.F) {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	f.Add(authorizeForm().Encode())
	f.Add(with(authorizeForm(), "prompt", "none", "login_hint", "alice", "response_mode", "query").Encode())
	f.Add(with(authorizeForm(), "prompt", "none", "login_hint", "bob", "response_mode", "form_post").Encode())
	f.Add(with(authorizeForm(), "redirect_uri", "http://127.0.0.1:1/?a#b").Encode())
	f.Add(with(authorizeForm(), "redirect_uri", "http://localhost\x00@evil/").Encode())
	f.Fuzz(func(t *testing.T, query string) {
		w := serve(e, "GET", "/common/oauth2/v2.0/authorize?"+query, "")
		to := w.Header().Get("Location")
		switch {
		case w.Code == http.StatusFound:
			if !strings.HasPrefix(to, "http://localhost") && !strings.HasPrefix(to, "http://127.0.0.1") {
				t.Errorf("sent to %q", to)
			}
			rest := strings.TrimPrefix(strings.TrimPrefix(to, "http://localhost"), "http://127.0.0.1")
			if !strings.ContainsAny(rest[:1], ":/?#") || strings.ContainsAny(to, "\r\n") {
				t.Errorf("sent to %q", to)
			}
		case w.Code != http.StatusOK && w.Code != http.StatusBadRequest:
			t.Errorf("status %d", w.Code)
		case !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'"):
			t.Error("a page without a policy")
		}
	})
}
