package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Token is an ACS access token and what it stands for.
type Token struct {
	Token        string    `json:"token"`
	ExpiresOn    time.Time `json:"expiresOn"`
	RefreshAfter time.Time `json:"refreshAfter"` // a fresh token is wanted from then on
	Kind         string    `json:"kind"`         // communicationUser or teamsUser
	Endpoint     string    `json:"endpoint"`     // of the ACS resource
	Scopes       []string  `json:"scopes"`
	User         User      `json:"user"`
}

// A User is an ACS identity.
type User struct {
	ID                   string `json:"id"`
	RawID                string `json:"rawId"`
	MicrosoftTeamsUserID string `json:"microsoftTeamsUserId,omitempty"`
}

// LogValue keeps the token out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String keeps the token out of formatted text.
func (t Token) String() string {
	return "Token([redacted], expires " + t.ExpiresOn.UTC().Format(time.RFC3339) + ")"
}

// Format keeps the token out of every verb.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

const (
	maxAnswer = 64 << 10 // bytes
	maxText   = 1000     // bytes of a text in an error

	maxRetryAfter = 1 << 30 // seconds
)

const maxToken = 32 << 10 // bytes

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// isToken reports whether s may be sent in a header.
func isToken(s string) bool { return len(s) <= maxToken && tokenForm.MatchString(s) }

// parseToken reads and checks the answer of a token route.
func parseToken(b []byte, kind string) (Token, error) {
	var t Token
	switch err := json.Unmarshal(b, &t); {
	case err != nil:
		return Token{}, errors.New("it is not the JSON of a token")
	case t.Kind != kind:
		return Token{}, errors.New("kind is not " + kind)
	case !isToken(t.Token):
		return Token{}, errors.New("the token is missing or malformed")
	case t.ExpiresOn.IsZero() || t.RefreshAfter.IsZero() || t.RefreshAfter.After(t.ExpiresOn):
		return Token{}, errors.New("its times are missing or in the wrong order")
	case t.Endpoint == "" || t.User.ID == "" || t.User.RawID == "":
		return Token{}, errors.New("endpoint or user is missing")
	}
	return t, nil
}

// readAnswer reads a body of bounded length, and makes an Error of an answer that is no success.
func readAnswer(op string, r *http.Response, now time.Time) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &Error{Op: op, Status: r.StatusCode, Code: "network", Detail: "The answer broke off.", Err: err}
	case len(b) > maxAnswer:
		return nil, &Error{Op: op, Status: r.StatusCode, Code: "answer_invalid", Detail: "The answer is longer than 64 KiB."}
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return b, nil
	}
	return nil, refusal(op, r, b, now)
}

// refusal reads a problem document (RFC 9457), or an answer that is none, as of a proxy.
func refusal(op string, r *http.Response, b []byte, now time.Time) *Error {
	var p struct{ Title, Detail, Code, Hint, Expected, Found, Instance string }
	_ = json.Unmarshal(b, &p) // of what is no problem document all members stay empty
	e := &Error{Op: op, Status: r.StatusCode, Code: short(p.Code), Title: short(p.Title), Detail: short(p.Detail), Hint: short(p.Hint),
		Expected: short(p.Expected), Found: short(p.Found), RequestID: short(p.Instance), RetryAfter: retryAfter(r.Header.Get("Retry-After"), now)}
	if e.Code == "" {
		e.Code, e.Detail = "answer_invalid", "The server answered "+strconv.Itoa(r.StatusCode)+", and not as acsauth does."
	}
	if r.StatusCode == http.StatusUnauthorized {
		e.claims = claims(r.Header.Get("WWW-Authenticate"))
	}
	return e
}

// notAcsauth is the error of a success that the route does not have, such as the page of a proxy.
func notAcsauth(op string, status int) *Error {
	return &Error{Op: op, Status: status, Code: "answer_invalid", Detail: "The answer " + strconv.Itoa(status) + " is not that of acsauth.", Hint: "Check the endpoint."}
}

func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "") }

// retryAfter reads Retry-After: seconds, or a date (RFC 9110 section 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(n, maxRetryAfter)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

var claimsForm = regexp.MustCompile(`\bclaims="([A-Za-z0-9+/_=-]+)"`)

// claims returns the claims challenge of a WWW-Authenticate field, JSON as text, or "".
func claims(challenge string) string {
	m := claimsForm.FindStringSubmatch(challenge)
	if m == nil || len(m[1]) > 8<<10 {
		return ""
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(m[1]); err == nil && json.Valid(b) {
			return string(b)
		}
	}
	return ""
}
