package graph

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// claimsChallenge is the answer of Conditional Access, or of continuous access evaluation.
func claimsChallenge(claims string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
		message: "Continuous access evaluation resulted in claims challenge.", challenge: true, claims: claims}
}

// answers reports whether a token meets a challenge: it is not older than access_token.nbf says, and has one of the values
// of every other claim asked for. A challenge that asks for nothing is met by no token.
func answers(token emu.Claims, challenge string) bool {
	var c struct {
		AccessToken map[string]struct {
			Value  any   `json:"value"`
			Values []any `json:"values"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(challenge), &c) != nil {
		return false
	}
	delete(c.AccessToken, "xms_cc") // a capability of the client
	for name, asked := range c.AccessToken {
		values := append(asked.Values, asked.Value)
		if name == "nbf" && !notOlder(token, asked.Value) || name != "nbf" && !slices.ContainsFunc(values, func(v any) bool { return carries(token[name], v) }) {
			return false
		}
	}
	return len(c.AccessToken) > 0
}

// notOlder compares the start of a token with seconds since 1970, which challenges write as text.
func notOlder(token emu.Claims, value any) bool {
	text, _ := value.(string)
	wanted, err := strconv.ParseFloat(text, 64)
	nbf, ok := token["nbf"].(float64)
	return err == nil && ok && nbf >= wanted
}

// carries reports whether a claim is a text, or holds it.
func carries(claim, value any) bool {
	text, ok := value.(string)
	list, _ := claim.([]any)
	return ok && text != "" && (claim == value || slices.Contains(list, value))
}
