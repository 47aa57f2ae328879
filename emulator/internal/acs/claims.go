package acs

import (
	"encoding/json"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func textOf(c emu.Claims, name string) string {
	s, _ := c[name].(string)
	return s
}

// textsOf returns a claim that may be one string or a list of strings.
func textsOf(c emu.Claims, name string) []string {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// maxUnix is the last second of the year 9999, the end of what RFC 3339 can say.
const maxUnix = 253402300799

// timeOf returns a claim in seconds since 1970, as JSON decoders may give it.
func timeOf(c emu.Claims, name string) (time.Time, bool) {
	var sec int64
	switch v := c[name].(type) {
	case float64:
		if v < 0 || v > maxUnix {
			return time.Time{}, false
		}
		sec = int64(v)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return time.Time{}, false
		}
		sec = n
	case int64:
		sec = v
	case int:
		sec = int64(v)
	}
	return time.Unix(sec, 0).UTC(), sec > 0 && sec <= maxUnix
}
