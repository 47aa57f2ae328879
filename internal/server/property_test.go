package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

// genOrigin makes origins that are nearly another: scheme, case, port, a name before or behind.
func genOrigin() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		scheme := rapid.SampledFrom([]string{"https://", "http://", "HTTPS://", "ftp://", "//", ""}).Draw(t, "scheme")
		host := rapid.SampledFrom([]string{"app.test", "APP.test", "evil-app.test", "sub.app.test", "app.test.evil.test", "localhost", "[::1]", "xn--app-hoa.test", "äpp.test", "app.test@evil.test", "", "*"}).Draw(t, "host")
		port := rapid.SampledFrom([]string{"", ":443", ":80", ":5173", ":51733", ":"}).Draw(t, "port")
		rest := rapid.SampledFrom([]string{"", "", "", "/", "?", "#", " ", "\x00", ",https://app.test", "/x"}).Draw(t, "rest")
		return rapid.SampledFrom([]string{scheme + host + port + rest, scheme + host + port, "https://app.test", "http://localhost:5173", "null", "NULL", ""}).Draw(t, "origin")
	})
}

// P-04: for any list of origins and any Origin headers, the decision is that of the five lines of reference, for simple
// requests and for preflights, and no answer ever allows credentials.
func TestCORSAgreesWithTheReference(t *testing.T) {
	testkit.Checks(t, "1000")
	worlds := map[string]*world{}
	seen := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		allowed := rapid.SampledFrom([][]string{nil, {"*"}, {"https://app.test"}, {"https://app.test", "http://localhost:5173", "https://sub.app.test:443"}, {"https://xn--app-hoa.test", "https://[::1]:5173"}}).Draw(r, "allowed")
		name := strings.Join(allowed, " ")
		if worlds[name] == nil {
			worlds[name] = newWorld(t, func(o *server.Options) { o.AllowedOrigins = allowed })
		}
		origins := rapid.SliceOfN(genOrigin(), 0, 2).Draw(r, "origins")
		if len(origins) == 2 && rapid.IntRange(0, 3).Draw(r, "twice") > 0 {
			origins = origins[:1]
		}
		want := reference(allowed, origins)
		set := func(r *http.Request) { r.Header["Origin"] = origins }
		simple := worlds[name].do("GET", rapid.SampledFrom([]string{"/getUser", "/livez", "/nowhere"}).Draw(r, "target"), "", set)
		pre := worlds[name].do("OPTIONS", "/getToken", "", set, header("Access-Control-Request-Method", "POST"))
		for _, a := range []answer{simple, pre} {
			if got := a.Header.Values("Access-Control-Allow-Origin"); len(got) > 1 || a.Header.Get("Access-Control-Allow-Origin") != want || a.Header.Get("Access-Control-Allow-Credentials") != "" {
				r.Fatalf("allowed %q, origins %q: %q, want %q", allowed, origins, got, want)
			}
		}
		if (pre.StatusCode == http.StatusNoContent) != (want != "") {
			r.Fatalf("allowed %q, origins %q: preflight %d", allowed, origins, pre.StatusCode)
		}
		seen[map[bool]string{true: "allowed", false: "refused"}[want != ""]]++
	})
	if seen["allowed"] == 0 || seen["refused"] == 0 {
		t.Errorf("%v: the test shows nothing", seen)
	}
}

// A list of origins is taken exactly if each is what a browser writes, or it is * alone.
func TestOriginListsAreChecked(t *testing.T) {
	testkit.Checks(t, "3000")
	var base server.Options
	newWorld(t, func(o *server.Options) { base = *o })
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(genOrigin(), 1, 3).Draw(r, "list")
		good := slices.Equal(list, []string{"*"}) || !slices.ContainsFunc(list, func(s string) bool {
			u, err := url.Parse(s)
			return err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || s != u.Scheme+"://"+u.Host
		})
		o := base
		o.AllowedOrigins = list
		_, err := server.New(o)
		if (err == nil) != good {
			r.Fatalf("%q: %v", list, err)
		}
	})
}
