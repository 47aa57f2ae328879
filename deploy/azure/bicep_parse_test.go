package azure

import (
	"fmt"
	"slices"
)

// A node is an expression of Bicep.
type node struct {
	op   string // string, format, int, bool, null, name, call, dot, index, array, object, not, sure, cond, or a binary sign
	text string
	keys []node // of an object
	kids []node
	line int
}

// A decl is a declaration of Bicep.
type decl struct {
	word       string // param, var, resource, module, output, targetScope, extension
	name       string
	kind       string // type of a param or output; type@version of a resource; file of a module
	existing   bool
	value      *node // of a resource or module: its body
	condition  *node
	decorators []node
	line       int
}

// A parser reads the part of Bicep that our files use. What it does not know is an error.
type parser struct {
	tokens []token
}

// fault is what a parser throws, and parse catches.
type fault struct{ error }

func (p *parser) fail(format string, args ...any) {
	panic(fault{fmt.Errorf("line %d: %w", p.tokens[0].line, fmt.Errorf(format, args...))})
}

func parseBicep(source string) (out []decl, err error) {
	tokens, err := lex(source, 1)
	if err != nil {
		return nil, err
	}
	defer caught(&err)
	p := &parser{tokens}
	for p.lines(); p.tokens[0].kind != "end"; p.lines() {
		out = append(out, p.decl())
	}
	return out, nil
}

// caught turns what fail threw into an error.
func caught(err *error) {
	switch r := recover().(type) {
	case nil:
	case fault:
		*err = r.error
	default:
		panic(r)
	}
}

func (p *parser) is(kind string) bool { return p.tokens[0].kind == kind }

// took takes the token if it is of that kind.
func (p *parser) took(kind string) bool {
	ok := p.is(kind)
	if ok {
		p.tokens = p.tokens[1:]
	}
	return ok
}

func (p *parser) need(kind string) token {
	t := p.tokens[0]
	if !p.took(kind) {
		p.fail("%q where %s has to be", t.text, kind)
	}
	return t
}

// lines skips ends of lines.
func (p *parser) lines() {
	for p.took("newline") {
	}
}

func (p *parser) decl() decl {
	var decorators []node
	for p.took("@") {
		decorators = append(decorators, p.expr())
		p.need("newline")
	}
	d := decl{word: p.need("id").text, decorators: decorators, line: p.tokens[0].line}
	switch d.word {
	case "targetScope":
	case "extension":
		d.name = p.need("id").text
		p.need("newline")
		return d
	case "param", "output":
		d.name, d.kind = p.need("id").text, p.need("id").text
	case "var":
		d.name = p.need("id").text
	case "resource", "module":
		d.name, d.kind = p.need("id").text, p.need("string").parts[0]
		if p.is("id") && p.tokens[0].text == "existing" {
			d.existing = p.took("id")
		}
	default:
		p.fail("the word %s", d.word)
	}
	if p.is("=") || d.word != "param" {
		p.need("=")
		p.body(&d)
	}
	p.need("newline")
	return d
}

// body reads what is behind the sign =.
func (p *parser) body(d *decl) {
	if p.is("id") && p.tokens[0].text == "if" {
		p.took("id")
		p.need("(")
		c := p.expr()
		d.condition = &c
		p.need(")")
	}
	v := p.expr()
	d.value = &v
}

// levels of binary signs, the weakest first.
var levels = [...][]string{{"??"}, {"||"}, {"&&"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"+", "-"}}

func (p *parser) expr() node {
	line := p.tokens[0].line
	c := p.binary(0)
	if !p.took("?") {
		return c
	}
	yes := p.expr()
	p.need(":")
	return node{op: "cond", kids: []node{c, yes, p.expr()}, line: line}
}

func (p *parser) binary(level int) node {
	if level == len(levels) {
		return p.unary()
	}
	left := p.binary(level + 1)
	for slices.Contains(levels[level], p.tokens[0].kind) {
		sign := p.tokens[0].kind
		p.took(sign)
		left = node{op: sign, kids: []node{left, p.binary(level + 1)}, line: left.line}
	}
	return left
}

func (p *parser) unary() node {
	if line := p.tokens[0].line; p.took("!") {
		return node{op: "not", kids: []node{p.unary()}, line: line}
	}
	return p.postfix(p.primary())
}

func (p *parser) postfix(n node) node {
	for {
		switch {
		case p.took("."):
			n = node{op: "dot", text: p.need("id").text, kids: []node{n}, line: n.line}
		case p.took("["):
			n = node{op: "index", kids: []node{n, p.expr()}, line: n.line}
			p.need("]")
		case p.is("!"):
			p.took("!")
			n = node{op: "sure", kids: []node{n}, line: n.line}
		default:
			return n
		}
	}
}

func (p *parser) primary() node {
	t := p.tokens[0]
	switch {
	case p.took("int"):
		return node{op: "int", text: t.text, line: t.line}
	case p.took("string"):
		return interpolated(t)
	case p.took("("):
		n := p.expr()
		p.need(")")
		return n
	case p.took("["):
		return node{op: "array", kids: p.list("]"), line: t.line}
	case p.took("{"):
		return p.object(t.line)
	}
	return p.named(p.need("id"))
}

// named is a word, or a call.
func (p *parser) named(t token) node {
	switch {
	case t.text == "true" || t.text == "false":
		return node{op: "bool", text: t.text, line: t.line}
	case t.text == "null":
		return node{op: "null", line: t.line}
	case p.took("("):
		return node{op: "call", text: t.text, kids: p.list(")"), line: t.line}
	}
	return node{op: "name", text: t.text, line: t.line}
}

// list reads expressions up to the closing sign. Commas or ends of lines are between them.
func (p *parser) list(end string) (out []node) {
	for p.lines(); !p.took(end); p.lines() {
		out = append(out, p.expr())
		if !p.took(",") && !p.is("newline") && !p.is(end) {
			p.fail("%q in a list", p.tokens[0].text)
		}
	}
	return out
}

func (p *parser) object(line int) node {
	n := node{op: "object", line: line}
	for p.lines(); !p.took("}"); p.lines() {
		t := p.tokens[0]
		key := node{op: "string", text: t.text, line: t.line}
		if p.is("string") {
			key = interpolated(p.need("string"))
		} else {
			p.need("id")
		}
		p.need(":")
		n.keys, n.kids = append(n.keys, key), append(n.kids, p.expr())
		if !p.is("}") {
			p.need("newline")
		}
	}
	return n
}

// interpolated is a string, or the pieces of one.
func interpolated(t token) node {
	if len(t.parts) == 1 {
		return node{op: "string", text: t.parts[0], line: t.line}
	}
	n := node{op: "format", line: t.line}
	for i, part := range t.parts {
		if i%2 == 0 {
			n.kids = append(n.kids, node{op: "string", text: part, line: t.line})
			continue
		}
		tokens, err := lex(part, t.line)
		if err != nil {
			panic(fault{err})
		}
		p := &parser{tokens}
		n.kids = append(n.kids, p.expr())
		p.need("newline")
	}
	return n
}
