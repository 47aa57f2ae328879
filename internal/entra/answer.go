package entra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maxLifetime = 48 * time.Hour // of a token, whatever the answer says
	maxClaims   = 8 << 10
	maxToken    = 64 << 10
)

// success is the part of an answer that is used. Version 1 endpoints send numbers as text.
type success struct {
	TokenType   string          `json:"token_type"`
	AccessToken string          `json:"access_token"`
	ExpiresIn   json.RawMessage `json:"expires_in"`
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`)

// readToken reads the answer to a request that was sent at the given time.
func readToken(text []byte, s slot, sent time.Time) (Token, error) {
	var a success
	if err := json.Unmarshal(text, &a); err != nil {
		return Token{}, strange(errors.New("an answer that is not the JSON of a token"))
	}
	seconds, err := strconv.ParseFloat(string(bytes.Trim(a.ExpiresIn, `"`)), 64)
	switch {
	case !strings.EqualFold(a.TokenType, "Bearer"):
		return Token{}, strange(errors.New("a token that is no bearer token"))
	case len(a.AccessToken) > maxToken || !tokenForm.MatchString(a.AccessToken):
		return Token{}, strange(errors.New("a token that cannot be sent in a header"))
	case err != nil || math.IsNaN(seconds) || seconds < 1:
		return Token{}, strange(errors.New("a token without a lifetime"))
	}
	lifetime := time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
	t := Token{Value: a.AccessToken, Expires: sent.Add(lifetime - margin(lifetime)), slot: s}
	if !t.usable(s, time.Now()) {
		return Token{}, strange(errors.New("a token that is over already"))
	}
	return t, nil
}

// failure is the part of an error answer that is used. The description is read for its AADSTS number only.
type failure struct {
	Error       string `json:"error"`
	Suberror    string `json:"suberror"`
	Codes       []int  `json:"error_codes"`
	Description string `json:"error_description"`
	TraceID     string `json:"trace_id"`
	Claims      string `json:"claims"`
}

var (
	aadsts   = regexp.MustCompile(`^AADSTS([0-9]{1,9})\b`)
	wordForm = regexp.MustCompile(`^[a-z_]{1,40}$`)
)

// readFailure reads what it can. What has an unexpected form counts as absent.
func readFailure(text []byte) (f failure) {
	_ = json.Unmarshal(text, &f) // another form leaves members empty
	if len(f.Codes) == 0 {
		if m := aadsts.FindStringSubmatch(f.Description); m != nil {
			n, _ := strconv.Atoi(m[1]) // nine digits at most
			f.Codes = []int{n}
		}
	}
	for _, word := range []*string{&f.Error, &f.Suberror} {
		if !wordForm.MatchString(*word) {
			*word = ""
		}
	}
	if !guid.MatchString(strings.ToLower(f.TraceID)) {
		f.TraceID = ""
	}
	f.Claims = ClaimsJSON(f.Claims)
	return f
}

// code is the first AADSTS number, or 0.
func (f failure) code() int {
	if len(f.Codes) == 0 || f.Codes[0] < 0 {
		return 0
	}
	return f.Codes[0]
}

// cause describes f for the log, without any text of the upstream.
func (f failure) cause(status int) error {
	return fmt.Errorf("status %d, AADSTS%d, error %q, suberror %q, trace %q", status, f.code(), f.Error, f.Suberror, f.TraceID)
}

// ClaimsJSON returns text if it is a JSON object of at most 8 KiB, compacted, else "".
func ClaimsJSON(text string) string {
	var object map[string]json.RawMessage
	if len(text) > maxClaims || json.Unmarshal([]byte(text), &object) != nil || object == nil {
		return ""
	}
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return ""
	}
	return out.String()
}
