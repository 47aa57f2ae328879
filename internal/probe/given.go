package probe

import "slices"

// A rule says how a control refuses a token that the issuer signed.
type rule struct {
	control string
	status  int
	codes   []string // the first is the control's own; the others may come first for a real token
	want    string   // what token would prove it
}

// rules are the controls that only a validly signed token can prove, in the order of the report.
var rules = [...]rule{
	{"issuer", 401, []string{"token_issuer", "token_tenant"}, "one of another issuer, such as another cloud"},
	{"tenant", 401, []string{"token_tenant", "token_issuer"}, "one of another tenant"},
	{"audience", 401, []string{"token_audience"}, "one for another API, such as that of: az account get-access-token"},
	{"expiry", 401, []string{"token_expired"}, "an expired one, such as yesterday's good one"},
	{"not-before", 401, []string{"token_not_yet_valid"}, "one that is valid later only"},
	{"id-token", 401, []string{"token_is_id_token", "token_audience"}, "an ID token of the client"},
	{"graph", 401, []string{"token_for_graph"}, "one for Microsoft Graph, such as that of: az account get-access-token --resource https://graph.microsoft.com"},
	{"client", 403, []string{"token_client"}, "one of a client application that is not allowed"},
	{"guest", 403, []string{"token_guest"}, "one of a guest of the tenant"},
	{"scope", 403, []string{"token_scope"}, "one with another scope of this API"},
	{"app-only", 403, []string{"token_app_only", "token_client", "token_scope"}, "one of a program without a user (client credentials)"},
}

// GivenControls lists the controls that a token can be given for.
func GivenControls() (names []string) {
	for _, r := range rules {
		names = append(names, r.control)
	}
	return names
}

// Controls lists all controls that are probed.
func Controls() []string {
	return append(GivenControls(), "signature", "algorithm", "form", "header", "bearer", "cors", "no-store", "redirect", "plain-http", "route", "admin",
		"teams-form", "teams-audience", "teams-times", "teams-user", "teams-client", "teams-scope")
}

// givenCases sends the tokens that were given, and names the controls that have none.
func givenCases(wrong []Wrong) (cases []testCase, missing []Untested) {
	for _, r := range rules {
		n := len(cases)
		for _, w := range wrong {
			if w.Control != r.control {
				continue
			}
			k := refused(r.control, w.Name, bearing(w.Token), r.status, r.codes...)
			if w.Exact {
				k.codes = k.codes[:1]
			}
			cases = append(cases, k)
		}
		if len(cases) == n {
			missing = append(missing, Untested{r.control, "needs a token that the issuer signed: " + r.want})
		}
	}
	return slices.Clip(cases), missing
}
