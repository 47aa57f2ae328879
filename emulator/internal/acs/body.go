package acs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	minMinutes  = 60
	maxMinutes  = 1440
	maxCustomID = 256 // characters
)

// scopes are the known scopes with the api-versions that have them.
var scopes = map[string][]string{
	"chat": versions, "voip": versions, "pstn": onlyLegacy,
	"chat.join": since(versionJoin), "chat.join.limited": since(versionJoin), "voip.join": since(versionJoin),
}

// decode reads a JSON body into v. An empty body leaves v as it is, since
// clients send none with a content type of JSON. Unknown fields are ignored.
func decode(body []byte, v any) *refusal {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, v); err != nil {
		return invalid("", "The request body is not valid JSON or a field has the wrong type.")
	}
	return nil
}

// checkScopes returns the scopes without repetitions.
func checkScopes(c *call, field string, asked []string) ([]string, *refusal) {
	var out []string
	for _, s := range asked {
		if !slices.Contains(scopes[s], c.version) {
			return nil, invalid(field, fmt.Sprintf("Provided scope '%.64s' is not supported.", s))
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// lifetime turns expiresInMinutes into a duration. Versions that do not have
// the field ignore it.
func lifetime(c *call, minutes *int32) (time.Duration, *refusal) {
	if minutes == nil || c.version < versionExpiry {
		return maxMinutes * time.Minute, nil
	}
	if *minutes < minMinutes || *minutes > maxMinutes {
		return 0, invalid("ExpiresInMinutes", fmt.Sprintf(
			"ExpiresInMinutes value %d is invalid. Value must be within the [%d, %d] interval.", *minutes, minMinutes, maxMinutes))
	}
	return time.Duration(*minutes) * time.Minute, nil
}
