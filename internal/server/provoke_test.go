package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// A surface is one of the ways to call that have answers of their own in the document.
type surface struct {
	name  string
	token func(t testing.TB, change func(claims) claims) string
	send  func(w *world, token string) answer
}

// surfaces are those for users, for Teams users, for administrators, and for OAuth 2.0.
func surfaces() []surface {
	user := func(t testing.TB, change func(claims) claims) string { return change(userClaims(aliceOID)).sign(t) }
	manager := func(t testing.TB, change func(claims) claims) string {
		return change(userClaims(bobOID).with("azp", daemonID).with("roles", []string{"Identities.Manage"})).sign(t)
	}
	auth := func(token string) edit { return header("Authorization", "Bearer "+token) }
	return []surface{
		{"user", user, func(w *world, token string) answer { return w.do("POST", "/getToken", "", auth(token)) }},
		{"teams", user, func(w *world, token string) answer { return w.do("POST", "/exchangeToken", "", auth(token), w.teams()) }},
		{"admin", manager, func(w *world, token string) answer {
			return w.do("POST", "/api/admin/provision", aliceBody, auth(token))
		}},
		{"oauth", user, func(w *world, token string) answer { return w.exchange(exchangeForm(token).Encode()) }},
	}
}

func same(c claims) claims { return c }

func set(name string, v any) func(claims) claims {
	return func(c claims) claims { return c.with(name, v) }
}

// badTokens have a bearer token refused, by problem code.
func badTokens() map[string]func(claims) claims {
	const v1 = "https://sts.windows.net/" + tenantID + "/"
	return map[string]func(claims) claims{
		"token_expired":       func(c claims) claims { return c.with("exp", time.Now().Add(-time.Hour).Unix()) },
		"token_not_yet_valid": func(c claims) claims { return c.with("nbf", time.Now().Add(30*time.Minute).Unix()) },
		"token_lifetime":      func(c claims) claims { return c.with("exp", time.Now().Add(720*time.Hour).Unix()) },
		"token_issuer":        set("iss", "https://login.other.test/"+tenantID+"/v2.0"),
		"token_tenant": func(c claims) claims {
			return c.with("tid", clientID).with("iss", authority+"/"+clientID+"/v2.0")
		},
		"token_audience": set("aud", clientID),
		"token_version":  func(c claims) claims { return c.with("ver", "3.0") },
		"token_subject":  set("oid", nil),
		"token_for_graph": func(c claims) claims {
			return c.with("aud", "https://graph.microsoft.com").with("iss", v1).with("ver", "1.0")
		},
		"token_is_id_token": func(c claims) claims {
			return c.with("nonce", "n").with("scp", nil).with("azp", nil).with("azpacr", nil)
		},
		"token_kind":     func(claims) claims { return teamsClaims(aliceOID) },
		"token_client":   func(c claims) claims { return c.with("azp", bobOID) },
		"token_guest":    set("acct", 1),
		"token_scope":    set("scp", "other"),
		"token_app_only": func(claims) claims { return daemonClaims("Identities.Read") },
	}
}

// badWords are no good tokens at all, made of a good one.
func badWords() map[string]func(token string) string {
	return map[string]func(string) string{
		"token_invalid":   func(string) string { return "abc" },
		"token_signature": func(good string) string { return good[:len(good)-8] + "AAAAAAAA" },
		"token_too_large": func(string) string { return strings.Repeat("a", 16<<10+1) },
		"token_malformed": func(string) string { return "a b" },
		"token_key_unknown": func(good string) string {
			_, rest, _ := strings.Cut(good, ".")
			return "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0yIn0." + rest // kid key-2
		},
	}
}

// misconfigured are worlds that refuse a good call, by problem code.
func misconfigured() map[string]func(*serverOptions) {
	deny := func(acsauth.Caller, policy.Operation) policy.Decision {
		return policy.Decision{Rule: "guests", Reason: "Guests may not call."}
	}
	never := 90 * time.Second
	return map[string]func(*serverOptions){
		"policy_denied":  func(o *serverOptions) { o.Policy = deny },
		"admin_disabled": func(o *serverOptions) { o.AdminClients = nil },
		"address_limit": func(o *serverOptions) {
			o.Limits.Address = func(netip.Addr) (time.Duration, bool) { return never, false }
		},
		"user_limit": func(o *serverOptions) {
			o.Limits.User = func(acsauth.UserKey) (time.Duration, bool) { return never, false }
		},
		"tenant_limit": func(o *serverOptions) { o.Limits.Tenant = func(string) (time.Duration, bool) { return never, false } },
	}
}

// upstreams are the worlds whose ACS or store misbehaves, by problem code.
func upstreams() map[string]func(*world) {
	acs := func(status int, code string) func(*world) { return func(w *world) { w.acs.failWith(status, code) } }
	return map[string]func(*world){
		"acs_throttled": acs(429, "TooManyRequests"), "acs_denied": acs(401, "Denied"), "acs_rejected": acs(400, "Other"),
		"acs_unavailable": acs(503, "ServiceUnavailable"), "identity_lost": acs(404, "IdentityNotOwned"),
		"acs_timeout": func(w *world) {
			w.acs.fail(func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded })
		},
		"store_unavailable": func(w *world) { w.store.fail(func(context.Context) error { return errors.New("inside-network") }) },
		"store_timeout":     func(w *world) { w.store.fail(func(context.Context) error { return context.DeadlineExceeded }) },
		"internal":          func(w *world) { panics(w, "") },
	}
}

// passedOn are the codes that the graph store and the client of Entra ID raise: here they come out of the store as they are.
func passedOn() map[string]acsauth.Kind {
	return map[string]acsauth.Kind{
		"consent_required": acsauth.StepUp, "step_up_required": acsauth.StepUp, "assertion_rejected": acsauth.Unauthenticated,
		"entra_user_refused": acsauth.Forbidden, "entra_client_rejected": acsauth.Rejected, "entra_throttled": acsauth.Throttled,
		"entra_unavailable": acsauth.Unavailable, "entra_timeout": acsauth.Timeout, "mapping_tampered": acsauth.Conflict,
		"mapping_unsigned": acsauth.Conflict, "graph_extension_limit": acsauth.Conflict, "graph_denied": acsauth.Rejected,
		"graph_rejected": acsauth.Rejected, "graph_user_unsupported": acsauth.Rejected, "graph_user_missing": acsauth.Unavailable,
		"graph_throttled": acsauth.Throttled, "graph_unavailable": acsauth.Unavailable, "graph_timeout": acsauth.Timeout,
		"user_absent": acsauth.Unavailable, "create_limit": acsauth.Throttled, "create_outcome_unknown": acsauth.Unavailable,
		"identity_pending": acsauth.Unavailable, "deletion_in_progress": acsauth.Conflict,
	}
}

// provoke has every surface refuse a call for each of these reasons. Where a surface has no such rule, another answer comes, which is checked as all are.
func provoke(t *testing.T) {
	met := map[string]bool{}
	for _, s := range surfaces() {
		one := func(change func(*serverOptions), prepare func(*world), token func(w *world) string) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, change)
				good := s.token(t, same)
				if prepare != nil {
					s.send(w, good) // the keys are loaded, and the user has an identity
					prepare(w)
				}
				if token != nil {
					good = token(w)
				}
				var p struct{ Code string }
				if a := s.send(w, good); a.StatusCode >= http.StatusBadRequest && json.Unmarshal(a.body, &p) == nil {
					met[p.Code] = true
				}
			})
		}
		for _, edit := range badTokens() {
			one(nil, nil, func(w *world) string { return s.token(w.t, edit) })
		}
		for _, edit := range badWords() {
			one(nil, nil, func(w *world) string { return edit(s.token(w.t, same)) })
		}
		for _, change := range misconfigured() {
			one(change, nil, nil)
		}
		for _, prepare := range upstreams() {
			one(nil, prepare, nil)
		}
		for code, kind := range passedOn() {
			one(nil, func(w *world) {
				w.store.fail(func(context.Context) error {
					return &acsauth.Error{Kind: kind, Code: code, Op: "test", Detail: "A detail.", Hint: "A hint.", Expected: "one", Found: "another"}
				})
			}, nil)
		}
	}
	for _, code := range slices.Concat(slices.Collect(maps.Keys(badTokens())), slices.Collect(maps.Keys(badWords())), slices.Collect(maps.Keys(misconfigured())),
		slices.Collect(maps.Keys(upstreams())), slices.Collect(maps.Keys(passedOn()))) {
		if !met[code] {
			t.Errorf("no surface refused with %s", code)
		}
	}
}

// badTeamsTokens has the exchange refuse each fault of a Teams token.
func badTeamsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for code, bad := range map[string]claims{
			"teams_token_audience": teamsClaims(aliceOID).with("aud", apiID), "teams_token_client": teamsClaims(aliceOID).with("appid", bobOID),
			"teams_token_expired": teamsClaims(aliceOID).with("exp", time.Now().Unix()), "teams_token_scope": teamsClaims(aliceOID).with("scp", "Teams.ManageCalls"),
			"teams_token_tenant": teamsClaims(aliceOID).with("tid", clientID),
		} {
			w.do("POST", "/exchangeToken", "", w.alice(), header("teams-user-aad-token", bad.sign(t))).is(t, 403, code)
		}
		w.do("POST", "/exchangeToken", `{"teamsUserAadToken":1}`, w.alice()).is(t, 400, "body_invalid")
		w.do("POST", "/api/admin/provision", aliceBody, w.bearer(daemonClaims())).is(t, 403, "token_scope")
	})
}

// named sends every operation with a request id and, where it takes them, the query parameters.
func named(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for name, op := range operations(t) {
			method, target, _ := strings.Cut(name, " ")
			if op.Parameters.GetByInAndName("query", "scopes") != nil {
				target += "?scopes=chat&expiresInMinutes=60"
			}
			if got := w.do(method, target, "", header("X-Request-Id", "contract-1")).Header.Get("X-Request-Id"); got != "contract-1" {
				t.Errorf("%s: request id %q", name, got)
			}
		}
	})
}
