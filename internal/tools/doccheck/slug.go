package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"
)

var (
	linkText = regexp.MustCompile(`!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])`)
	tagForm  = regexp.MustCompile(`</?[a-zA-Z][^>]*>`)
	leaning  = regexp.MustCompile(`(^|[^\p{L}\p{Nd}_])_+([^_]+)_+($|[^\p{L}\p{Nd}_])`)
	spanForm = regexp.MustCompile("`+[^`]+`+")
)

// unmarked is what a reader sees of a text without code.
func unmarked(text string) string {
	text = tagForm.ReplaceAllString(linkText.ReplaceAllString(text, "$1"), "")
	return html.UnescapeString(leaning.ReplaceAllString(text, "$1$2$3"))
}

// slug is the anchor that GitHub gives a heading; seen counts those before it in the document.
func slug(heading string, seen map[string]int) string {
	text, at := "", 0
	for _, m := range spanForm.FindAllStringIndex(heading, -1) {
		text += unmarked(heading[at:m[0]]) + heading[m[0]:m[1]]
		at = m[1]
	}
	text += unmarked(heading[at:])
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
