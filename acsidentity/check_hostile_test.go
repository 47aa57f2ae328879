package acsidentity

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// K-02: an id of another form is never part of a request: the operation is refused before anything is sent. And an
// answer that names one is no success.
func TestHostileIdentitiesAreNotSent(t *testing.T) {
	var sent []string
	transport := transportFunc(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.String())
		return respond(204, ""), nil
	})
	c := keyClient(t, testHost, with(transport))
	n := 0
	for _, core := range []string{"", "/", "..", "../..", "%2e%2e", "%2f", "?a=b", "#", ";", "&", "'", "\"", "\\", " ", "\r\n", "\x00", "é", "\u202e", "@evil.example", ":8080", "//evil.example", "*", "{id}", "%0d%0aX:y", "~"} {
		for _, form := range []string{"%s", "8:acs:%s", "8:acs:a_%s", "8:acs:%s_b", "8:acs:a_b%s", "%s8:acs:a_b", "8:acs:a_b/%s", "8:orgid:%s"} {
			id := acsauth.Identity(fmt.Sprintf(form, core))
			if id.Valid() {
				continue
			}
			n++
			_, issueErr := c.IssueToken(t.Context(), id, scopes("chat"), nil)
			_, revokeErr := c.RevokeTokens(t.Context(), id, nil)
			_, deleteErr := c.DeleteIdentity(t.Context(), id, nil)
			for op, err := range map[string]error{"issue": issueErr, "revoke": revokeErr, "delete": deleteErr} {
				if err == nil {
					t.Errorf("%s: %q is taken", op, id)
				} else if e := asError(t, err); e.Sent || e.Code != CodeValidationError {
					t.Errorf("%s: %q: %v", op, id, err)
				}
			}
			answer := keyClient(t, testHost, with(always(201, `{"identity":{"id":`+fmt.Sprintf("%q", strings.ToValidUTF8(string(id), "?"))+`}}`)))
			if _, err := answer.CreateIdentity(t.Context(), nil); err == nil {
				t.Errorf("the answer with %q is taken", id)
			}
		}
	}
	if n < 150 || len(sent) != 0 {
		t.Errorf("%d ids, sent %q", n, sent)
	}
	if _, err := c.DeleteIdentity(t.Context(), testID, nil); err != nil || len(sent) != 1 {
		t.Errorf("the good id: %v, sent %q", err, sent)
	}
}
