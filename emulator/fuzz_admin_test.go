package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/testkit"
)

// Z-16: no body makes the administration fail, answer something that is not JSON, mint a token beside a refusal, or
// one that lives for longer than a year.
func FuzzAdmin(f *testing.F) {
	e, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	admin := e.newAdmin()
	serve := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body)))
		return w
	}
	paths := []string{"/token", "/faults", "/graph", "/obo", "/entra", "/acs", "/clock", "/rehearsals/quota-hit", "/seed", "/restore", "/token/workload", "/certificates"}
	for n := range paths {
		for _, body := range []string{"", "{}", "[]", "null", `{"user":"alice","scopes":["a"],"expiresInSeconds":60}`, `{"expiresInSeconds":1e308}`, `{"flaw":"alg-none"}`, `{"op":"create","times":1,"fault":{"status":429,"retryAfter":"1"}}`,
			`{"op":"graph.add","fault":{"delay":"1h"}}`, `{"fault":{"status":42}}`, `{"lag":"5s"}`, `{"user":"alice"} {}`, `{"User":"bob","user":"alice"}`} {
			f.Add(uint8(n), body)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body string) {
		path := paths[int(n)%len(paths)]
		testkit.Bounded(t, len(body)+4<<10, func() {
			resp := serve("POST", path, body)
			text := resp.Body.Bytes()
			var answer any
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatalf("%s %q: %q, %v", path, body, text, err)
			}
			members, _ := answer.(map[string]any)
			if ok := resp.Code == http.StatusOK; ok == (members["error"] != nil) || resp.Code != 200 && resp.Code != 400 && resp.Code != 413 || (strings.HasPrefix(path, "/token") && ok) != (members["access_token"] != nil) {
				t.Fatalf("%s %q: %d %s", path, body, resp.Code, text)
			}
			if life, _ := members["expires_in"].(float64); life > (366 * 24 * time.Hour).Seconds() {
				t.Fatalf("%q gives a token for %v s", body, life)
			}
		})
		if path == "/faults" {
			serve("DELETE", path, "")
		}
	})
}
