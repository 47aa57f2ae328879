package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

var linkText = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)

// slug is the anchor that GitHub gives a heading; seen counts those before it in the document.
func slug(heading string, seen map[string]int) string {
	text := linkText.ReplaceAllString(heading, "$1")
	text = strings.NewReplacer("`", "", "*", "").Replace(text)
	first := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(text))
	s := first
	for n, again := seen[s]; again; _, again = seen[s] {
		n++
		seen[first] = n
		s = fmt.Sprintf("%s-%d", first, n)
	}
	seen[s] = 0
	return s
}
