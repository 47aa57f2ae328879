package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/testkit"
)

// refusedPlainly fails unless a refusal is one of the caller's, with a code of its own and a text that repeats nothing but plain characters.
func refusedPlainly(t *testing.T, err error) {
	t.Helper()
	code, detail := problemOf(err)
	if acsauth.KindOf(err) != acsauth.Invalid || code == "" || len(detail) > 160 || strings.ContainsAny(detail, "\"\\<>\r\n\x00\x1b") {
		t.Fatalf("%v: %q %q", err, code, detail)
	}
}

// Z-06: a query is taken exactly if net/url reads it and each name is a known one, there once; then the values are those of net/url.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "scopes=chat,voip&expiresInMinutes=60", "scopes=chat&scopes=voip", "expiresInMinutes=+60", "expiresInMinutes=6e1", "expiresInMinutes=99999999999999999999", "scopes", "scopes=%zz",
		"scopes=a;b", "access_token=eyJhbGciOiJub25lIn0.e30.", "Scopes=chat", "%73copes=chat", "=&=", "scopes=&expiresInMinutes=1440", "expiresInMinutes=60%00", "a=1&b=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		testkit.Bounded(t, len(raw), func() {
			in, err := tokenQuery(&http.Request{URL: &url.URL{Path: "/getToken", RawQuery: raw}})
			q, parseErr := url.ParseQuery(raw)
			known := parseErr == nil
			for name, values := range q {
				known = known && len(values) == 1 && (name == "scopes" || name == "expiresInMinutes")
			}
			minutes, given, inRange := minutesOf(q)
			if (err == nil) != (known && (!given || inRange)) {
				t.Fatalf("%q: %v", raw, err)
			}
			if err != nil {
				refusedPlainly(t, err)
				for name := range q {
					if strings.Contains(name, "eyJ") && strings.Contains(err.Error(), "eyJ") {
						t.Fatalf("%q shows the start of a token: %v", raw, err)
					}
				}
				return
			}
			if in.lifetime != time.Duration(minutes)*time.Minute {
				t.Fatalf("%q: %v", raw, in.lifetime)
			}
			var words []string
			for _, s := range in.scopes {
				words = append(words, string(s))
			}
			if q.Has("scopes") != (in.scopes != nil) || strings.Join(words, ",") != q.Get("scopes") {
				t.Fatalf("%q: %q", raw, in.scopes)
			}
		})
	})
}

func minutesOf(q url.Values) (n int64, given, inRange bool) {
	if !q.Has("expiresInMinutes") {
		return 0, false, true
	}
	n, err := strconv.ParseInt(q.Get("expiresInMinutes"), 10, 64)
	return n, true, err == nil && n >= 60 && n <= 1440
}

// Z-06: of header and body, one Teams token is taken, and only if both agree; a body counts if it is said to be JSON.
func FuzzTeamsInput(f *testing.F) {
	for _, body := range []string{"", "{}", `{"teamsUserAadToken":"a.b.c"}`, `{"teamsUserAadToken":"a.b.c","teamsUserAadToken":"a.b.c"}`, `{"teamsUserAadToken":"a.b\u002ec"}`, `{"TeamsUserAadToken":"a"}`, "[]", "null", "{} {}"} {
		for _, kind := range []string{"application/json", "application/json; charset=utf-8", "text/plain", "application/json;charset=utf-16", "", "Application/JSON ; a=b"} {
			f.Add("a.b.c", "", kind, []byte(body))
			f.Add("", "", kind, []byte(body))
		}
	}
	f.Add("a.b.c", "a.b.c", "application/json", []byte("{}"))
	f.Fuzz(func(t *testing.T, one, two, kind string, body []byte) {
		testkit.Bounded(t, len(one)+len(two)+len(body), func() {
			r := httptest.NewRequest("POST", "/exchangeToken", strings.NewReader(string(body)))
			r.Header = http.Header{"Content-Type": {kind}}
			sent := map[string]bool{}
			for _, s := range []string{one, two} {
				if s != "" {
					r.Header.Add(teamsHeaderName, s)
					sent[s] = true
				}
			}
			token, err := teamsBody(r)
			if err != nil {
				refusedPlainly(t, err)
				if token != "" {
					t.Fatal("a token beside an error")
				}
				return
			}
			if len(body) > maxBody || one != "" && two != "" {
				t.Fatalf("taken: two headers or %d bytes", len(body))
			}
			if len(body) > 0 {
				var theirs map[string]any
				if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "application/json") || json.Unmarshal(body, &theirs) != nil {
					t.Fatalf("taken: %q as %q", body, kind)
				}
				if s, ok := theirs["teamsUserAadToken"].(string); ok && s != "" {
					sent[s] = true
				}
			}
			if len(sent) > 1 || len(sent) == 0 && token != "" || len(sent) == 1 && !sent[token] {
				t.Fatalf("%q of %v", token, sent)
			}
		})
	})
}

// Z-06: the bodies of administrators. What is taken is within its bounds, and encoding/json reads the same ids.
func FuzzAdminBodies(f *testing.F) {
	for _, s := range []string{`{"identity":"8:acs:a_b"}`, `{"identities":["8:acs:a_b","8:acs:c_d"]}`, `{"identities":[]}`, `{"identities":[null]}`, `{"users":{},"identities":["8:acs:a_b"]}`, `{"identity":8}`, `{"identity":"8:acs:a_b","x":1}`, `{"identities":["8:acs:a_b\n"]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		send := func() *http.Request {
			r := httptest.NewRequest("POST", "/api/admin/find", strings.NewReader(string(body)))
			r.Header.Set("Content-Type", "application/json")
			return r
		}
		testkit.Bounded(t, len(body), func() {
			var theirs struct {
				Identity   string   `json:"identity"`
				Identities []string `json:"identities"`
			}
			plain := json.Unmarshal(body, &theirs) == nil
			if id, err := identityInput(send()); err != nil {
				refusedPlainly(t, err)
			} else if !plain || string(id) != theirs.Identity || !id.Valid() {
				t.Fatalf("%q gives %q", body, id)
			}
			in, err := new(Server).batchInput(send())
			if err != nil {
				refusedPlainly(t, err)
				return
			}
			if !plain || len(in.identities) == 0 || len(in.identities) > maxBatch || len(in.users) != 0 || len(in.identities) != len(theirs.Identities) {
				t.Fatalf("%q gives %q", body, in.identities)
			}
			for i, id := range in.identities {
				if !id.Valid() || string(id) != theirs.Identities[i] {
					t.Fatalf("%q gives %q", body, id)
				}
			}
		})
	})
}
