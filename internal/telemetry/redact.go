package telemetry

import (
	"log/slog"
	"regexp"
	"strings"
)

// Redacted stands where a value was blanked.
const Redacted = "[redacted]"

// The words that make a key sound like a secret, without separators and in lower case.
var secretWords = []string{
	"token", "authorization", "secret", "password", "assertion", "credential", "cookie", "connectionstring", "signature",
}

// separators are taken out of keys; made once, since each line of the log has many keys.
var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

var jwtForm = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*)?`)

// Redact is a ReplaceAttr function of slog. Numbers, times and truth values
// stay, whatever their key: they are counts and dates.
func Redact(groups []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny, slog.KindLogValuer:
	default:
		return a
	}
	if secretKey(a.Key) || anySecret(groups) {
		return slog.String(a.Key, Redacted)
	}
	if s, ok := text(a.Value); ok && strings.Contains(s, "eyJ") {
		return slog.String(a.Key, jwtForm.ReplaceAllString(s, Redacted))
	}
	return a
}

func anySecret(groups []string) bool {
	for _, g := range groups {
		if secretKey(g) {
			return true
		}
	}
	return false
}

// secretKey reports whether a value under key is to be blanked.
func secretKey(key string) bool {
	switch key {
	case slog.MessageKey, "method", "route", "request_id", "trace_id", "span_id": // of every line
		return false
	}
	k := separators.Replace(strings.ToLower(key))
	for _, word := range secretWords {
		if strings.Contains(k, word) {
			return true
		}
	}
	return strings.HasSuffix(k, "key")
}

func text(v slog.Value) (string, bool) {
	if v.Kind() == slog.KindString {
		return v.String(), true
	}
	switch x := v.Any().(type) {
	case error:
		return x.Error(), true
	case interface{ String() string }:
		return x.String(), true
	case []byte:
		return string(x), true
	}
	return "", false
}
