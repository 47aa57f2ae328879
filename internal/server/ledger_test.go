package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A ledger notes which parts of the document real answers of this process have shown.
type ledger struct {
	mu       sync.Mutex
	answers  int
	statuses map[string]bool // "GET /getUser 200"
	headers  map[string]bool // "User Vary"
	members  map[string]bool // "Token.user.id"
	codes    map[string]bool // "GET /getUser token_missing"
	asked    map[string]bool // "GET /getToken scopes"
	problems map[text]bool
}

// A text is what an error says, but for its instance.
type text struct {
	Type, Title, Detail, Code, Hint, Expected, Found string
	Status                                           int
	Error                                            string
	Description                                      string `json:"error_description"`
	URI                                              string `json:"error_uri"`
	Claims                                           string
}

var shown = sync.OnceValue(func() *ledger {
	return &ledger{statuses: map[string]bool{}, headers: map[string]bool{}, members: map[string]bool{}, codes: map[string]bool{},
		asked: map[string]bool{}, problems: map[text]bool{}}
})

// note records a request, and an answer that is described by ref. name is "" for what is no operation.
func (l *ledger) note(name string, op *openapi3.Operation, ref *openapi3.ResponseRef, r *http.Request, status int, h http.Header, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers++
	component := path.Base(ref.Ref)
	for header := range ref.Value.Headers {
		if h.Get(header) != "" {
			l.headers[component+" "+header] = true
		}
	}
	if name != "" {
		l.statuses[name+" "+strconv.Itoa(status)] = true
	}
	for _, p := range op.Parameters {
		if p.Value.In == "query" && r.URL.Query().Has(p.Value.Name) || p.Value.In == "header" && r.Header.Get(p.Value.Name) != "" {
			l.asked[name+" "+p.Value.Name] = true
		}
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return
	}
	for _, media := range ref.Value.Content {
		walk(component, media.Schema, v, func(at string) { l.members[at] = true })
	}
	if status >= http.StatusBadRequest {
		var said text
		_ = json.Unmarshal(body, &said) // the schema has checked the form
		if said.Code != "" {
			l.codes[name+" "+said.Code], l.problems[said] = true, true
		}
	}
}

// walk visits each documented member that the value has, by the name of its schema; with everything for a value, all of them.
func walk(at string, ref *openapi3.SchemaRef, v any, visit func(at string)) {
	if ref == nil {
		return
	}
	if ref.Ref != "" {
		at = path.Base(ref.Ref)
	}
	s := ref.Value
	for _, part := range slices.Concat(s.AllOf, s.OneOf) {
		walk(at, part, v, visit)
	}
	list, isList := v.([]any)
	members, isObject := v.(map[string]any)
	switch {
	case s.Items != nil && v == everything:
		walk(at, s.Items, everything, visit)
	case s.Items != nil && isList:
		for _, item := range list {
			walk(at, s.Items, item, visit)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		value, has := members[name]
		if v == everything {
			value, has, isObject = everything, true, true
		}
		if isObject && has {
			visit(at + "." + name)
			walk(at+"."+name, s.Properties[name], value, visit)
		}
	}
}

const everything = "everything"

// codesOf lists the problem codes that a documented answer may have.
func codesOf(ref *openapi3.ResponseRef) (list []string) {
	for _, media := range ref.Value.Content {
		for _, part := range media.Schema.Value.AllOf {
			if code := part.Value.Properties["code"]; code != nil {
				for _, c := range code.Value.Enum {
					list = append(list, c.(string))
				}
			}
		}
	}
	return list
}

// nameOf is the name of an operation in the ledger.
func nameOf(r *http.Request) string { return r.Method + " " + r.URL.EscapedPath() }

// complete fails for each part of the document that no answer has shown, and logs how much there is.
func (l *ledger) complete(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	want := struct{ statuses, headers, members, codes, asked map[string]bool }{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	got := map[string]bool{} // codes by component
	for name, op := range operations(t) {
		for _, p := range op.Parameters {
			want.asked[name+" "+p.Value.Name] = true
		}
		for status, ref := range op.Responses.Map() {
			component := path.Base(ref.Ref)
			want.statuses[name+" "+status] = true
			for header := range ref.Value.Headers {
				want.headers[component+" "+header] = true
			}
			for _, media := range ref.Value.Content {
				walk(component, media.Schema, everything, func(at string) { want.members[at] = true })
			}
			for _, code := range codesOf(ref) {
				want.codes[component+" "+code] = true
				if l.codes[name+" "+code] {
					got[component+" "+code] = true
				}
			}
		}
	}
	for what, missing := range map[string][]string{"status": minus(want.statuses, l.statuses), "header": minus(want.headers, l.headers),
		"member": minus(want.members, l.members), "problem code": minus(want.codes, got), "parameter": minus(want.asked, l.asked)} {
		for _, m := range missing {
			_, header, _ := strings.Cut(m, " ")
			if _, known := unshown()[m]; !known && (what != "header" || !strings.Contains(everywhere, " "+header+" ")) {
				t.Errorf("%s %s is documented, and no answer shows it", what, m)
			}
		}
	}
	t.Logf("contract: %d operations, %d answers by operation and status, %d members, %d problem codes by answer, %d headers by answer, %d parameters; %d answers checked",
		len(operations(t)), len(want.statuses), len(want.members), len(want.codes), len(want.headers), len(want.asked), l.answers)
}

// everywhere are headers that one function sets on all answers, by configuration or when the connection ends; TestCORS,
// TestHeadersOfEveryAnswer, TestSecureTellsBrowsers and TestStopLetsRequestsFinish hold them.
const everywhere = " Strict-Transport-Security Vary Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Allow-Methods Access-Control-Allow-Headers Access-Control-Max-Age Connection "

// unshown returns what is documented and not shown by TestContract, with the reason.
func unshown() map[string]string {
	const (
		roles    = "needs an issuer with roles: internal/authn holds it"
		teams    = "needs a server without Teams clients: internal/authn holds it"
		keys     = "needs an issuer that is down: internal/authn and e2e hold it"
		stopping = "TestOverload and the tests of the stop show it"
		timeout  = "TestWrappedErrorsKeepTheirKind shows it; the parts have shorter limits of their own"
		upstream = "only if ACS sends one: TestRetryAfter holds it"
	)
	return map[string]string{
		"Forbidden token_role": roles, "ForbiddenTeams token_role": roles, "ExchangeRefused token_role": roles,
		"BadGateway teams_not_configured": teams,
		"Unavailable keys_unavailable":    keys, "ExchangeUnavailable keys_unavailable": keys,
		"Unavailable overloaded": stopping, "Unavailable shutting_down": stopping, "ExchangeUnavailable overloaded": stopping, "ExchangeUnavailable shutting_down": stopping,
		"GatewayTimeout request_timeout": timeout, "ExchangeTimeout request_timeout": timeout,
		"ExchangeUnavailable audit_unavailable": "TestNothingIsHandedOutUnwritten shows it on another route",
		"Conflict Retry-After":                  "of deletion_in_progress: internal/broker holds it", "ExchangeBadGateway Retry-After": upstream,
		"Export.journal.acsUserIdentity": "of an orphan: internal/broker holds it", "OAuthProblem.claims": "of a claims challenge: TestClaimsChallenge holds the other form",
	}
}
