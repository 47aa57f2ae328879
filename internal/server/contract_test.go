package server_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
)

// A scenario makes every operation with a bearer token that can have it answer
// with one status. want returns "" where an operation cannot.
type scenario struct {
	status  int
	code    string
	prepare func(w *world, target string)
	request func(w *world, method, target string) answer
	// without are the operations that the scenario does not concern.
	without string
}

// good sends what the operation needs and nothing wrong.
func good(w *world, method, target string) answer {
	edits := []edit{w.alice()}
	if isTeams(target) {
		edits = append(edits, w.teams())
	}
	return w.do(method, target, "", edits...)
}

func isTeams(target string) bool {
	return strings.Contains(target, "eams") || target == "/exchangeToken"
}

// breakUpstream makes what the operation needs first fail: ACS for Teams users, else the store.
func breakUpstream(err error) func(*world, string) {
	return func(w *world, target string) {
		if isTeams(target) {
			w.acs.fail(func(*http.Request) (*http.Response, error) { return nil, err })
			return
		}
		w.store.fail(func(context.Context) error { return err })
	}
}

func mapped(w *world, _ string) {
	w.t.Helper()
	w.do("POST", "/getUser", "", w.alice())
}

// foreign leaves a mapping of another ACS resource.
func foreign(w *world, _ string) {
	w.t.Helper()
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: authority + "/" + tenantID + "/v2.0", Subject: aliceOID}, State: acsauth.Active,
		Attempt: "a", Identity: "8:acs:old_user", Resource: "old", Generation: 1}
	if err := w.store.Insert(w.t.Context(), row); err != nil {
		w.t.Fatal(err)
	}
}

func panics(w *world, target string) {
	if isTeams(target) {
		w.acs.fail(func(*http.Request) (*http.Response, error) { panic(fmt.Errorf("canary %s", target)) })
		return
	}
	w.store.fail(func(context.Context) error { panic("canary " + target) })
}

// storeSays has the store fail with an error of its own, as the graph store does.
func storeSays(kind acsauth.Kind, code string) func(*world, string) {
	return func(w *world, _ string) {
		w.store.fail(func(context.Context) error {
			return &acsauth.Error{Kind: kind, Code: code, Op: "test", Detail: "A detail.", Hint: "A hint."}
		})
	}
}

const (
	export    = " GET /api/user/export "
	lookups   = export + " GET /api/user DELETE /api/user "
	noBody    = export + " GET /getUser GET /getToken GET /refreshToken GET /exchangeToken GET /api/user DELETE /api/user GET /api/token GET /api/token/teams "
	exchanges = " GET /exchangeToken POST /exchangeToken GET /api/token/teams POST /api/token/teams "
	makers    = " GET /getUser POST /getUser GET /getToken POST /getToken GET /refreshToken POST /refreshToken POST /api/user "
	others    = makers + exchanges + " POST /revokeTokens GET /api/token POST /api/token " // all but lookups
	mappers   = export + makers + exchanges + " POST /revokeTokens DELETE /api/user "
)

func scenarios() []scenario {
	return []scenario{
		{status: 400, code: "request_malformed", request: func(w *world, m, p string) answer { return w.do(m, p+"?unknown=1", "", w.alice()) }},
		{status: 401, code: "token_missing", request: func(w *world, m, p string) answer { return w.do(m, p, "") }},
		{status: 403, code: "token_scope", request: func(w *world, m, p string) answer {
			return w.do(m, p, "", w.bearer(userClaims(aliceOID).with("scp", "other")))
		}},
		{status: 404, code: "identity_not_found", request: good, without: mappers},
		{status: 409, code: "identity_of_another_resource", prepare: foreign, request: good, without: exchanges + export},
		{status: 413, code: "body_too_large", without: noBody, request: func(w *world, m, p string) answer {
			return w.do(m, p, "{"+strings.Repeat(" ", 16<<10)+"}", w.alice())
		}},
		{status: 415, code: "media_type_unsupported", without: noBody, request: func(w *world, m, p string) answer {
			return w.do(m, p, "scopes=chat", w.alice())
		}},
		{status: 429, code: "acs_throttled", without: lookups, request: good, prepare: func(w *world, p string) {
			if !strings.HasSuffix(strings.ToLower(p), "user") {
				mapped(w, p)
			}
			w.acs.failWith(429, "TooManyRequests")
		}},
		{status: 429, code: "graph_throttled", without: others, request: good, prepare: storeSays(acsauth.Throttled, "graph_throttled")},
		{status: 502, code: "graph_denied", without: others, request: good, prepare: storeSays(acsauth.Rejected, "graph_denied")},
		{status: 500, code: "internal", prepare: panics, request: good},
		{status: 502, code: "acs_denied", without: lookups, request: good, prepare: func(w *world, p string) {
			if !strings.HasSuffix(strings.ToLower(p), "user") {
				mapped(w, p)
			}
			w.acs.failWith(401, "Denied")
		}},
		{status: 503, request: good, prepare: breakUpstream(fmt.Errorf("inside-network"))},
		{status: 504, request: good, prepare: breakUpstream(context.DeadlineExceeded)},
	}
}

// successes are the answers when all goes well: for a user without and with an identity.
func successes(t *testing.T, see func(op string, a answer)) {
	for _, op := range bearerOperations(t) {
		method, target, _ := strings.Cut(op, " ")
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			see(op, good(w, method, target))
			mapped(w, target)
			see(op, good(w, method, target))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		mapped(w, "")
		w.acs.failWith(503, "ServiceUnavailable")
		see("DELETE /api/user", good(w, "DELETE", "/api/user"))
	})
}

// pages are the answers of the routes without token.
func pages(t *testing.T, see func(op string, a answer)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		bare := newWorld(t, func(o *serverOptions) { o.PublicURL, o.Pages = "", nil })
		for _, method := range []string{"GET", "HEAD"} {
			see(method+" /readyz", w.do(method, "/readyz", "")) // no keys yet
		}
		w.do("GET", "/getUser", "", w.alice())
		advance() // the answer of readyz is kept for a second
		for _, method := range []string{"GET", "HEAD"} {
			for _, target := range []string{"/livez", "/readyz", "/openapi.yaml", "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server", "/docs", "/docs/style.css",
				"/", "/playground/app.js", "/playground/style.css", "/playground/licences.txt", "/playground/config.json"} {
				see(method+" "+target, w.do(method, target, ""))
				see(method+" "+target, w.do(method, target, "{}"))
			}
			for _, target := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server",
				"/", "/playground/app.js", "/playground/style.css", "/playground/licences.txt", "/playground/config.json"} {
				see(method+" "+target, bare.do(method, target, ""))
			}
		}
	})
}

// TestContract has each operation give each status that is documented for it,
// and none that is not.
func TestContract(t *testing.T) {
	produced := map[string]bool{}
	see := func(op string, a answer) { produced[fmt.Sprintf("%s %d", op, a.StatusCode)] = true }
	for _, s := range scenarios() {
		for _, op := range bearerOperations(t) {
			method, target, _ := strings.Cut(op, " ")
			if strings.Contains(s.without, " "+op+" ") {
				continue
			}
			t.Run(fmt.Sprintf("%d %s", s.status, op), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, nil)
					if s.prepare != nil {
						s.prepare(w, target)
					}
					a := s.request(w, method, target)
					if a.StatusCode != s.status {
						t.Errorf("status %d, want %d: %s", a.StatusCode, s.status, a.body)
					}
					if s.code != "" {
						a.is(t, s.status, s.code)
					}
					see(op, a)
				})
			})
		}
	}
	successes(t, see)
	pages(t, see)
	adminScenarios(t, see)
	exchangeScenarios(t, see)
	provoke(t)
	named(t)
	badTeamsTokens(t)
	for name, also := range map[string]func(*testing.T){"exchange": TestTokenExchangeRefusals, "teams": TestTeamsTokenResponse, "narrowing": TestNarrowing,
		"export": TestExport, "admin": TestAdminIsDeniedByDefault, "audit": TestNothingIsHandedOutUnwritten, "records": TestOneRecordForEachDecision} {
		t.Run(name, also)
	}
	synctest.Test(t, func(t *testing.T) { requestExamples(t, newWorld(t, nil)) })
	shown().complete(t)
	shown().examples(t)
	documented := map[string]bool{}
	for op, o := range operations(t) {
		for status := range o.Responses.Map() {
			documented[op+" "+status] = true
		}
	}
	if !maps.Equal(produced, documented) {
		t.Errorf("produced and documented answers differ:\nnot produced: %v\nnot documented: %v", minus(documented, produced), minus(produced, documented))
	}
}

func minus(a, b map[string]bool) []string {
	var list []string
	for k := range a {
		if !b[k] {
			list = append(list, k)
		}
	}
	slices.Sort(list)
	return list
}
