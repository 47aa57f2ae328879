package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// asks are the lifetimes that ACS was asked for, in minutes.
type asks struct {
	mu   sync.Mutex
	list []int
}

// watch notes the lifetime of each token that is asked for, and passes the request on.
func (k *asks) watch(s *target) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if issue := strings.HasSuffix(r.URL.Path, ":issueAccessToken"); issue || strings.HasSuffix(r.URL.Path, "/identities") {
			b, _ := io.ReadAll(r.Body)
			var in struct {
				Minutes int `json:"expiresInMinutes"`
			}
			if json.Unmarshal(b, &in) != nil {
				in.Minutes = -1
			}
			if issue || in.Minutes != 0 { // a first token comes with the identity
				k.mu.Lock()
				k.list = append(k.list, in.Minutes)
				k.mu.Unlock()
			}
			r.Body = io.NopCloser(strings.NewReader(string(b)))
		}
		s.backend.ServeHTTP(w, r)
	}
}

// take returns what was asked for since the last time.
func (k *asks) take() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.list
	k.list = nil
	return list
}

// lifetimeRoutes are the routes that give tokens of ACS users, with what they ask for by default.
var lifetimeRoutes = map[string]int{"/getToken": 60, "/refreshToken": 60, "/api/token": 1440}

// K-10: the lifetime in the request to ACS is 60 minutes by default, 1440 on the samples' routes, and whatever a
// request asks for, within 60 to 1440 and within what is configured; what is not within is refused without a call.
func TestLifetimeInTheRequestToACS(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings map[string]string
		action   int // default and most of the action routes
	}{
		{"by default", nil, 60},
		{"all that ACS takes", map[string]string{"ACSAUTH_TOKEN_LIFETIME": "1440"}, 1440},
		{"in between", map[string]string{"ACSAUTH_TOKEN_LIFETIME": "2h"}, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings := map[string]string{"ACSAUTH_TOKEN_CACHE": "0"} // so that each request asks ACS
			maps.Copy(settings, c.settings)
			s := startTarget(t, settings)
			k := &asks{}
			s.instead(k.watch(s), func() {
				for at, most := range lifetimeRoutes {
					if most == 60 {
						most = c.action
					}
					s.lifetimes(t, k, at, most)
				}
			})
		})
	}
}

func (s *target) lifetimes(t *testing.T, k *asks, at string, most int) {
	t.Helper()
	token := attack.Mint(s.world.V2(), attack.Set("oid", fmt.Sprintf("10000000-0000-4000-8000-%012d", len(at))))
	s.identity(t, token)
	w := &wire{addr: s.addr}
	defer w.close()
	for _, method := range []string{"GET", "POST"} {
		r := s.at(method, at)
		ask := func(minutes string, asked []int, codes ...string) {
			t.Helper()
			m := s.message(r, token)
			if method == "GET" && minutes != "" {
				m = m.to(method, at+"?expiresInMinutes="+minutes)
			}
			if method == "POST" && minutes != "" {
				m = m.sending(`{"expiresInMinutes":` + minutes + `}`)
			}
			a, err := w.send(m.String())
			if got := k.take(); err != nil || fmt.Sprint(got) != fmt.Sprint(asked) || (a.status < 300) != (len(codes) == 0) || len(codes) > 0 && !strings.Contains(strings.Join(codes, " "), a.code) {
				t.Errorf("%s with %q minutes: asked ACS for %v, want %v; %s, %v", r, minutes, got, asked, a, err)
			}
		}
		ask("", []int{most})
		ask("60", []int{60})
		ask(fmt.Sprint(most), []int{most})
		ask(fmt.Sprint(most+1), nil, "lifetime_invalid")
		for _, bad := range []string{"59", "1441", "0", "-60", "1000000000000"} {
			ask(bad, nil, "lifetime_invalid")
		}
		for _, bad := range []string{"60.5", "99999999999999999999", "6e1", `"60"`} {
			ask(bad, nil, "lifetime_invalid", "request_malformed", "body_invalid")
		}
	}
}
