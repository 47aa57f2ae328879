package acsidentity

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessageLen = 200
	maxCauseLen   = 400
	cut           = "[cut]"
)

var (
	// A run of this length may be a token, a signature or an identity. A GUID has 36.
	tokenRun = regexp.MustCompile(`[A-Za-z0-9+/=_.~%-]{41,}`)
	// What names a secret.
	secretPair = regexp.MustCompile(`(?i)(accesskey|signature|bearer|password|secret)(\s*[=:]\s*)[^\s;,&"']+`)
)

// clean makes text from outside fit for an error: secrets and what looks like
// one are cut out, control characters become blanks, and it has at most limit bytes.
func clean(s string, limit int, secrets []string) string {
	if len(s) > maxAnswerLen {
		s = s[:maxAnswerLen]
	}
	s = hide(s, secrets)
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	s = secretPair.ReplaceAllString(hide(s, secrets), "${1}${2}"+cut)
	s = strings.TrimSpace(tokenRun.ReplaceAllString(s, cut))
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// hide cuts out known secrets.
func hide(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, cut)
		}
	}
	return s
}
