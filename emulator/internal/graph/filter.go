package graph

import (
	"regexp"
	"slices"
	"strings"
)

// Bounds of a filter.
const (
	maxTerms = 50
	maxDepth = 20
)

// predicate decides by the properties of a user.
type predicate func(map[string]any) bool

var (
	errUnsupported = bad("Request_UnsupportedQuery", "Unsupported Query.")
	errFilter      = bad("BadRequest", "Invalid filter clause")
)

// filterable are the properties that a filter may name; those of searchable can be searched, too.
var (
	filterable = []string{
		"id", "displayName", "userPrincipalName", "givenName", "surname", "mail", "mailNickname", "userType", "accountEnabled",
		"jobTitle", "department", "companyName", "city", "country", "usageLocation", "employeeId",
	}
	searchable = []string{"displayName", "givenName", "surname", "mail", "userPrincipalName", "mailNickname"}
)

// searchShape is one clause of $search: "property:words".
var searchShape = regexp.MustCompile(`^"([A-Za-z]+):([^"]+)"$`)

// predicate is $filter and $search together.
func (q query) predicate() (predicate, *refusal) {
	filter, ref := q.parseFilter()
	if ref != nil || q.search == "" {
		return filter, ref
	}
	if !q.eventual {
		return nil, bad("Request_UnsupportedQuery", "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	match := searchShape.FindStringSubmatch(q.search)
	if match == nil || !slices.Contains(searchable, match[1]) {
		return nil, bad("Request_BadRequest", "Unrecognized query argument specified: '$search'.")
	}
	words := strings.Fields(strings.ToLower(match[2]))
	return func(p map[string]any) bool {
		text, _ := p[match[1]].(string)
		return filter(p) && !slices.ContainsFunc(words, func(w string) bool { return !hasWord(strings.ToLower(text), w) })
	}, nil
}

// hasWord reports whether a word of the text begins with w.
func hasWord(text, w string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" .-_@", r) })
	return strings.HasPrefix(text, w) || slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, w) })
}

func (q query) parseFilter() (predicate, *refusal) {
	if q.filter == "" {
		return func(map[string]any) bool { return true }, nil
	}
	tokens, ok := lexFilter(q.filter)
	if !ok {
		return nil, errFilter
	}
	p := &filterParser{tokens: tokens, advanced: q.advanced()}
	test, ref := p.or(0)
	if ref == nil && len(p.tokens) > 0 {
		ref = errFilter
	}
	return test, ref
}

// filterToken is a word, a sign, or a text in quotes.
var filterToken = regexp.MustCompile(`^\s*('(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_/.]*|[(),])\s*`)

func lexFilter(text string) ([]string, bool) {
	var tokens []string
	for text != "" {
		match := filterToken.FindStringSubmatch(text)
		if match == nil || len(tokens) > maxTerms*8 {
			return nil, false
		}
		tokens = append(tokens, match[1])
		text = text[len(match[0]):]
	}
	return tokens, true
}
