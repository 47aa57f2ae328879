package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// subjectForm is a token exchange (RFC 8693) of a token.
func subjectForm(token string) url.Values {
	return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {token},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}
}

func (s *target) subjectMessage(token string) string {
	body := subjectForm(token).Encode()
	return message{line: "POST /oauth2/token HTTP/1.1", body: body, fields: []string{"Host: " + s.addr,
		"Content-Type: application/x-www-form-urlencoded", fmt.Sprint("Content-Length: ", len(body))}}.String()
}

// fireSubject sends the tokens of the corpus as subject_token, where no rule of HTTP stands before them.
func (s *target) fireSubject(t *testing.T, result *scores) {
	const class = 'Y'
	cases := s.world.Cases()
	s.quiet(t, "class Y", func() {
		eachOnWire(s, cases, func(w *wire, _ int, c attack.Case) {
			token := s.world.Bad(c)
			code := c.Want
			switch {
			case code == "":
				return // good on a route for users
			case token == "":
				code = "request_malformed"
			case len(subjectForm(token).Encode()) > 32<<10:
				code = "body_too_large"
			case len(token) > 16<<10:
				code = "token_too_large"
			}
			result.add(class, func(n *score) { n.cases++ })
			a, err := w.send(s.subjectMessage(token))
			result.judgeSubject(class, c.String(), code, a, err, token)
		})
	})
	eachOnWire(s, cases, func(w *wire, _ int, c attack.Case) {
		a, err := w.send(s.subjectMessage(s.world.Good(c)))
		result.twin(class, "subject_token: "+c.String(), a, err)
	})
}

// judgeSubject notes the answer to a bad exchange: an error of OAuth 2.0, which is one of ours as well.
func (s *scores) judgeSubject(class byte, name, code string, a answer, err error, token string) {
	var doc struct {
		Error, Code, Type, Instance string
		Description                 string `json:"error_description"`
		Status                      int
	}
	status, fault := 400, ""
	if code == "body_too_large" {
		status = 413
	}
	switch {
	case err != nil:
		fault = err.Error()
	case json.Unmarshal(a.body, &doc) != nil || a.status != status || doc.Status != status || doc.Code != code:
		fault = fmt.Sprintf("got %s, want %d %s", a, status, code)
	case doc.Error != "invalid_request" || doc.Description == "" || doc.Type == "" || doc.Instance == "":
		fault = fmt.Sprintf("no error of OAuth 2.0: %s", a)
	case a.header.Get("Cache-Control") != "no-store" || a.header.Get("WWW-Authenticate") != "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json"):
		fault = fmt.Sprintf("header %v", a.header)
	default:
		fault = leak(a, []string{token})
	}
	s.add(class, func(n *score) {
		n.requests++
		if fault == "" {
			n.refused++
			return
		}
		n.wrong++
		s.faults[class] = append(s.faults[class], name+": "+fault)
	})
}
