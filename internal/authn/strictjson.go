package authn

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What strict JSON refuses. The texts may leave the house: they hold nothing of the input.
var (
	errJSONSyntax    = errors.New("it is not a JSON object")
	errJSONTrailing  = errors.New("bytes follow the JSON object")
	errJSONUTF8      = errors.New("it is not valid UTF-8")
	errJSONSurrogate = errors.New("it has half a surrogate pair")
	errJSONDuplicate = errors.New("a name occurs twice")
	errJSONDepth     = errors.New("it is nested too deep")
	errJSONSize      = errors.New("it has too many values")
)

// maxDepth is how deep arrays and objects may be nested; the outermost object counts.
const maxDepth = 8

// parseObject reads one JSON object (RFC 8259) and refuses whatever two parsers
// may read in two ways: bad UTF-8, lone surrogates, repeated names after
// unescaping, and any byte before or after the object. maxValues bounds the
// number of values in it.
func parseObject(data []byte, maxValues int) (jsonValue, error) {
	if !utf8.Valid(data) {
		return jsonValue{}, errJSONUTF8
	}
	p := &jsonParser{s: string(data), left: maxValues}
	if p.peek() != '{' {
		return jsonValue{}, errJSONSyntax
	}
	v, err := p.value()
	if err != nil {
		return jsonValue{}, err
	}
	if p.pos != len(p.s) {
		return jsonValue{}, errJSONTrailing
	}
	return v, nil
}

type jsonParser struct {
	s     string
	pos   int
	depth int
	left  int // values that may still come
}

// peek returns the next byte, or 0 at the end. A real NUL is no JSON either.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *jsonParser) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

// accept skips c and reports whether it was next.
func (p *jsonParser) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

func (p *jsonParser) value() (jsonValue, error) {
	if p.left--; p.left < 0 {
		return jsonValue{}, errJSONSize
	}
	switch c := p.peek(); c {
	case '{', '[':
		if p.depth++; p.depth > maxDepth {
			return jsonValue{}, errJSONDepth
		}
		defer func() { p.depth-- }()
		if c == '[' {
			return p.array()
		}
		return p.object()
	case '"':
		s, err := p.string()
		return jsonValue{kind: jsonString, text: s}, err
	case 't', 'f', 'n':
		return p.literal()
	default:
		return p.number()
	}
}

func (p *jsonParser) literal() (jsonValue, error) {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.s[p.pos:], word) {
			p.pos += len(word)
			if word == "null" {
				return jsonValue{kind: jsonNull, text: word}, nil
			}
			return jsonValue{kind: jsonBool, text: word}, nil
		}
	}
	return jsonValue{}, errJSONSyntax
}

func (p *jsonParser) array() (jsonValue, error) {
	v := jsonValue{kind: jsonArray}
	p.pos++
	if p.space(); p.accept(']') {
		return v, nil
	}
	for {
		p.space()
		item, err := p.value()
		if err != nil {
			return jsonValue{}, err
		}
		v.items = append(v.items, item)
		if p.space(); p.accept(']') {
			return v, nil
		}
		if !p.accept(',') {
			return jsonValue{}, errJSONSyntax
		}
	}
}

func (p *jsonParser) object() (jsonValue, error) {
	v := jsonValue{kind: jsonObject}
	var seen nameSet
	p.pos++
	if p.space(); p.accept('}') {
		return v, nil
	}
	for {
		m, err := p.member()
		if err != nil {
			return jsonValue{}, err
		}
		if !seen.add(m.name, v.members) {
			return jsonValue{}, errJSONDuplicate
		}
		v.members = append(v.members, m)
		if p.space(); p.accept('}') {
			return v, nil
		}
		if !p.accept(',') {
			return jsonValue{}, errJSONSyntax
		}
	}
}

func (p *jsonParser) member() (jsonMember, error) {
	if p.space(); p.peek() != '"' {
		return jsonMember{}, errJSONSyntax
	}
	name, err := p.string()
	if err != nil {
		return jsonMember{}, err
	}
	if p.space(); !p.accept(':') {
		return jsonMember{}, errJSONSyntax
	}
	p.space()
	value, err := p.value()
	return jsonMember{name, value}, err
}

// A nameSet finds repeated names: by looking through a small object, by a map in a large one.
type nameSet struct{ large map[string]struct{} }

func (n *nameSet) add(name string, before []jsonMember) bool {
	if len(before) < 64 {
		return !jsonValue{members: before}.has(name)
	}
	if n.large == nil {
		n.large = make(map[string]struct{}, 2*len(before))
		for i := range before {
			n.large[before[i].name] = struct{}{}
		}
	}
	if _, ok := n.large[name]; ok {
		return false
	}
	n.large[name] = struct{}{}
	return true
}

// number reads the grammar of RFC 8259 section 6 and keeps the spelling.
func (p *jsonParser) number() (jsonValue, error) {
	start := p.pos
	p.accept('-')
	if !p.accept('0') && p.digits() == 0 {
		return jsonValue{}, errJSONSyntax
	}
	if p.accept('.') && p.digits() == 0 {
		return jsonValue{}, errJSONSyntax
	}
	if p.accept('e') || p.accept('E') {
		if !p.accept('+') {
			p.accept('-')
		}
		if p.digits() == 0 {
			return jsonValue{}, errJSONSyntax
		}
	}
	return jsonValue{kind: jsonNumber, text: p.s[start:p.pos]}, nil
}

func (p *jsonParser) digits() (n int) {
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
		n++
	}
	return n
}

// string reads a string; the opening quote is next. Without escapes the result shares memory with the input.
func (p *jsonParser) string() (string, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == '"':
			p.pos++
			return p.s[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", errJSONSyntax
		}
		p.pos++
	}
	return "", errJSONSyntax
}

// escaped goes on with a string at its first backslash.
func (p *jsonParser) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(p.s[start:p.pos])
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == '"':
			return b.String(), nil
		case c < 0x20:
			return "", errJSONSyntax
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
	}
	return "", errJSONSyntax
}

// escape reads what follows a backslash.
func (p *jsonParser) escape() (rune, error) {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := p.peek()
	if c == 'u' {
		p.pos++
		return p.unicode()
	}
	i := strings.IndexByte(from, c)
	if c == 0 || i < 0 {
		return 0, errJSONSyntax
	}
	p.pos++
	return rune(to[i]), nil
}

// unicode reads the digits after \u, and the second half of a surrogate pair.
func (p *jsonParser) unicode() (rune, error) {
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !p.accept('\\') || !p.accept('u') {
		return 0, errJSONSurrogate
	}
	low, err := p.hex4()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errJSONSurrogate
	}
	return r, nil
}

func (p *jsonParser) hex4() (rune, error) {
	var r rune
	for range 4 {
		c := p.peek()
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, errJSONSyntax
		}
		r = r<<4 | rune(c)
		p.pos++
	}
	return r, nil
}
