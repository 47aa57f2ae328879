package graph

import (
	"slices"
	"strings"
)

// filterParser reads what Graph's directory takes of OData's filter language, by recursive descent.
type filterParser struct {
	tokens   []string
	terms    int
	advanced bool // operators of the eventual index are allowed
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

// take drops the next token if it is the one wanted.
func (p *filterParser) take(want string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], want) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *filterParser) or(depth int) (predicate, *refusal) {
	left, ref := p.and(depth)
	for ref == nil && p.take("or") {
		var right predicate
		first := left
		right, ref = p.and(depth)
		left = func(u map[string]any) bool { return first(u) || right(u) }
	}
	return left, ref
}

func (p *filterParser) and(depth int) (predicate, *refusal) {
	left, ref := p.unary(depth)
	for ref == nil && p.take("and") {
		var right predicate
		first := left
		right, ref = p.unary(depth)
		left = func(u map[string]any) bool { return first(u) && right(u) }
	}
	return left, ref
}

func (p *filterParser) unary(depth int) (predicate, *refusal) {
	p.terms++
	if depth > maxDepth || p.terms > maxTerms {
		return nil, bad("Request_UnsupportedQuery", "The filter holds too many terms.")
	}
	switch {
	case p.take("("):
		inner, ref := p.or(depth + 1)
		if ref == nil && !p.take(")") {
			ref = errFilter
		}
		return inner, ref
	case p.take("not"):
		inner, ref := p.unary(depth + 1)
		if ref == nil && !p.advanced {
			ref = errUnsupported
		}
		return func(u map[string]any) bool { return !inner(u) }, ref
	case p.take("startswith"):
		return p.function(strings.HasPrefix, false)
	case p.take("endswith"):
		return p.function(strings.HasSuffix, true)
	}
	return p.comparison()
}

// function reads (property,'text').
func (p *filterParser) function(test func(s, part string) bool, advanced bool) (predicate, *refusal) {
	if !p.take("(") {
		return nil, errFilter
	}
	name, ref := p.property()
	if ref != nil {
		return nil, ref
	}
	if !p.take(",") {
		return nil, errFilter
	}
	value, ok := p.literal()
	part, isText := value.(string)
	if !ok || !isText || !p.take(")") {
		return nil, errFilter
	}
	if advanced && !p.advanced {
		return nil, errUnsupported
	}
	if name == "id" || name == "accountEnabled" || advanced && name != "mail" && name != "userPrincipalName" {
		return nil, unsupportedClause(name)
	}
	return func(u map[string]any) bool {
		text, _ := u[name].(string)
		return text != "" && test(strings.ToLower(text), strings.ToLower(part))
	}, nil
}

// comparison reads property eq value, property ne value, or property in (values).
func (p *filterParser) comparison() (predicate, *refusal) {
	name, ref := p.property()
	if ref != nil {
		return nil, ref
	}
	switch {
	case p.take("eq"):
		value, ok := p.literal()
		if !ok || !fits(name, value) {
			return nil, errFilter
		}
		return func(u map[string]any) bool { return same(u[name], value) }, nil
	case p.take("ne"):
		value, ok := p.literal()
		if !ok || !fits(name, value) {
			return nil, errFilter
		}
		if !p.advanced {
			return nil, errUnsupported
		}
		return func(u map[string]any) bool { return !same(u[name], value) }, nil
	case p.take("in"):
		return p.list(name)
	}
	return nil, errFilter
}

// list reads ('a','b').
func (p *filterParser) list(name string) (predicate, *refusal) {
	if !p.take("(") {
		return nil, errFilter
	}
	var values []any
	for {
		value, ok := p.literal()
		if !ok || !fits(name, value) || len(values) > maxTerms {
			return nil, errFilter
		}
		values = append(values, value)
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return nil, errFilter
		}
	}
	return func(u map[string]any) bool {
		return slices.ContainsFunc(values, func(v any) bool { return same(u[name], v) })
	}, nil
}

// property reads the name of a property that can be filtered by.
func (p *filterParser) property() (string, *refusal) {
	name := p.peek()
	if name == "" || strings.ContainsAny(name, "'(),") {
		return "", errFilter
	}
	p.tokens = p.tokens[1:]
	i := slices.IndexFunc(filterable, func(known string) bool { return strings.EqualFold(known, name) })
	if i < 0 {
		return "", unsupportedClause(name)
	}
	return filterable[i], nil
}

// literal reads a text, true, false or null.
func (p *filterParser) literal() (any, bool) {
	token := p.peek()
	switch {
	case token == "":
		return nil, false
	case token[0] == '\'':
		p.tokens = p.tokens[1:]
		return strings.ReplaceAll(token[1:len(token)-1], "''", "'"), true
	case p.take("true"):
		return true, true
	case p.take("false"):
		return false, true
	case p.take("null"):
		return nil, true
	}
	return nil, false
}

// fits reports whether the value is of the property's type.
func fits(name string, value any) bool {
	_, isBool := value.(bool)
	return isBool == (name == "accountEnabled")
}

// same compares as the directory does: without regard to case.
func same(have, want any) bool {
	a, textA := have.(string)
	b, textB := want.(string)
	if textA && textB {
		return strings.EqualFold(a, b)
	}
	return !textA && !textB && have == want
}

func unsupportedClause(name string) *refusal {
	return bad("Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for property '"+name+"' of resource 'User'.")
}
