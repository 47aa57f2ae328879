package authn_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth/internal/authn"
)

// The transport of its own: no proxy of the environment, no redirect, a limit that holds for real bodies.
func TestOwnTransport(t *testing.T) {
	var foreign atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign.Add(1) }))
	defer other.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, other.URL)
	}
	mode := ""
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	base := srv.URL + "/" + tenantA
	mux.HandleFunc("/"+tenantA+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, base+"/v2.0", base+"/keys")
	})
	mux.HandleFunc("/"+tenantA+"/keys", func(w http.ResponseWriter, r *http.Request) {
		switch mode {
		case "redirect":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "endless":
			for junk := make([]byte, 64<<10); r.Context().Err() == nil; {
				if _, err := w.Write(junk); err != nil {
					return
				}
			}
		}
		fmt.Fprintf(w, `{"keys":[%s]}`, marshal(jwk("k", &keyRing()[0].PublicKey, nil)))
	})
	for _, c := range []struct{ mode, want string }{{"redirect", "keys_unavailable"}, {"endless", "keys_unavailable"}, {"", ""}} {
		mode = c.mode
		opt := authn.Options{Issuers: options(nil).Issuers, AllowLoopback: true}
		opt.Issuers[0].AuthorityHost = srv.URL
		v := newVerifier(t, opt)
		expect(t, v, c.mode, mint(baseV2(), set("iss", base+"/v2.0"), hset("kid", "k")), c.want)
	}
	if foreign.Load() != 0 {
		t.Errorf("%d requests to another host", foreign.Load())
	}
}
