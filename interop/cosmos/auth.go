package cosmos

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxSkew is how far the date of a request may be from the clock of the service.
const maxSkew = 15 * time.Minute

// authorize checks the authorization header. isKey: it was signed with the master key.
func (s *Server) authorize(r *http.Request, t target) (isKey bool, refusal *answer) {
	text, err := url.QueryUnescape(r.Header.Get("Authorization"))
	if err != nil || text == "" {
		return false, refuse(http.StatusUnauthorized, "Unauthorized", "Required Header authorization is missing. Ensure a valid Authorization token is passed.")
	}
	part := map[string]string{}
	for _, p := range strings.Split(text, "&") {
		name, value, _ := strings.Cut(p, "=")
		part[name] = value
	}
	if part["ver"] != "1.0" {
		return false, refuse(http.StatusUnauthorized, "Unauthorized", "the authorization token has no version 1.0")
	}
	if part["type"] == "aad" {
		if s.options.Token == "" || !hmac.Equal([]byte(part["sig"]), []byte(s.options.Token)) {
			return false, refuse(http.StatusUnauthorized, "Unauthorized", "the bearer token is not accepted")
		}
		return false, nil
	}
	if part["type"] != "master" {
		return false, refuse(http.StatusUnauthorized, "Unauthorized", "the authorization token has a type that is not known")
	}
	return true, s.checkSignature(r, t, part["sig"])
}

func (s *Server) checkSignature(r *http.Request, t target, signature string) *answer {
	date := r.Header.Get("x-ms-date")
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(strings.ToLower(r.Method) + "\n" + t.kind + "\n" + t.link + "\n" + strings.ToLower(date) + "\n\n"))
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return refuse(http.StatusUnauthorized, "Unauthorized", "The input authorization token can't serve the request. Please check that the expected payload is built as per the protocol, and check the key being used.")
	}
	at, err := http.ParseTime(date)
	if err != nil {
		return refuse(http.StatusUnauthorized, "Unauthorized", "the x-ms-date header is not a date of RFC 1123")
	}
	if off := s.options.Now().Sub(at); off.Abs() > maxSkew {
		return refuse(http.StatusForbidden, "Forbidden", "The authorization token is not valid at the current time. Please create another token and retry.")
	}
	return nil
}
