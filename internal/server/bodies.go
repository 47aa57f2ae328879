package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBody is the longest request body accepted, in bytes.
const maxBody = 16 << 10

// members are the members that a JSON object may have. Each value takes one and
// reports whether it has the right type.
type members map[string]func(json.RawMessage) bool

// readBody reads an optional JSON object with at most the given members, each
// at most once and spelled exactly so. An empty body is an empty object.
func readBody(r *http.Request, m members) error {
	if r.ContentLength > maxBody {
		return errBodyTooLarge()
	}
	if r.Body == http.NoBody {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return errRequest("The body could not be read.", "Send the whole body, within ten seconds.")
	}
	if len(b) > maxBody {
		return errBodyTooLarge()
	}
	if len(b) == 0 {
		return nil
	}
	if !isJSON(r.Header) {
		return errMediaType()
	}
	return decodeObject(b, m)
}

// isJSON reports whether a body is said to be JSON in UTF-8, not compressed.
func isJSON(h http.Header) bool { return hasType(h, "application/json") }

// decodeObject is strict where encoding/json is not: about repeated and
// unknown names, case, null and bad UTF-8 (T-17, T-22: a second reading of the
// same bytes must not differ).
func decodeObject(b []byte, m members) error {
	if !utf8.Valid(b) {
		return errBody("The body is not UTF-8.")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errBody("The body is not a JSON object.")
	}
	seen := make(map[string]bool, len(m))
	for dec.More() {
		if err := decodeMember(dec, m, seen); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return errBody("The body is not well-formed JSON.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errBody("There is something after the JSON object.")
	}
	return nil
}

func decodeMember(dec *json.Decoder, m members, seen map[string]bool) error {
	t, err := dec.Token()
	name, ok := t.(string)
	if err != nil || !ok {
		return errBody("The body is not well-formed JSON.")
	}
	take, known := m[name]
	switch {
	case !known:
		return errBody("This route knows no member " + shown(name) + ".")
	case seen[name]:
		return errBody("The member " + shown(name) + " is there twice.")
	}
	seen[name] = true
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return errBody("The body is not well-formed JSON in member " + shown(name) + ".")
	}
	if !take(raw) {
		return errBody("The member " + shown(name) + " has the wrong type.")
	}
	return nil
}

func text(to *string) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool { return raw[0] == '"' && json.Unmarshal(raw, to) == nil }
}

func integer(to **int64) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool { return json.Unmarshal(raw, to) == nil && *to != nil }
}

func stringList(to *[]string) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var list []*string
		if json.Unmarshal(raw, &list) != nil || list == nil || slices.Contains(list, nil) {
			return false
		}
		*to = make([]string, len(list))
		for i, s := range list {
			(*to)[i] = *s
		}
		return true
	}
}

// shown makes a name out of a request fit for an error text: short, and plain characters only.
func shown(name string) string {
	const most = 40
	cut := ""
	if strings.Contains(name, "eyJ") { // a piece of a token that got into the wrong place
		return "'?'"
	}
	if len(name) > most {
		name, cut = name[:most], "..."
	}
	return "'" + strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '?'
	}, name) + cut + "'"
}
