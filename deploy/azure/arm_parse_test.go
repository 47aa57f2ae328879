package azure

import (
	"fmt"
	"strings"
)

// An expression of ARM: a call, a literal, or a member or element of another.
type expression struct {
	op   string // call, string, int, member, element
	text string
	args []expression
}

// A reader reads one expression of ARM. It shares nothing with the reader of Bicep, so that two have to be wrong in the same way.
type reader struct{ rest string }

func parseExpression(source string) (out expression, err error) {
	defer caught(&err)
	r := &reader{source}
	out = r.expression()
	if r.rest != "" {
		r.fail("something is behind the end")
	}
	return out, nil
}

func (r *reader) fail(why string) { panic(fault{fmt.Errorf("%s: %.60q", why, r.rest)}) }

func (r *reader) took(sign string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(r.rest, " "), sign)
	if ok {
		r.rest = strings.TrimLeft(rest, " ")
	}
	return ok
}

func (r *reader) expression() expression {
	x := r.first()
	for {
		switch {
		case r.took("."):
			x = expression{op: "member", text: r.word(), args: []expression{x}}
		case r.took("["):
			x = expression{op: "element", args: []expression{x, r.expression()}}
			if !r.took("]") {
				r.fail("no ]")
			}
		default:
			return x
		}
	}
}

func (r *reader) first() expression {
	switch {
	case r.rest == "":
		r.fail("nothing")
	case r.rest[0] == '\'':
		return r.literal()
	case isDigit(r.rest[0]):
		n := spanOf(r.rest, isDigit)
		defer func() { r.rest = strings.TrimLeft(r.rest[n:], " ") }()
		return expression{op: "int", text: r.rest[:n]}
	}
	x := expression{op: "call", text: r.word()}
	if !r.took("(") {
		r.fail("no ( behind " + x.text)
	}
	for !r.took(")") {
		x.args = append(x.args, r.expression())
		if !r.took(",") && !strings.HasPrefix(r.rest, ")") {
			r.fail("no comma")
		}
	}
	return x
}

func (r *reader) word() string {
	n := spanOf(r.rest, func(c byte) bool { return isLetter(c) || isDigit(c) })
	if n == 0 {
		r.fail("no word")
	}
	word := r.rest[:n]
	r.rest = r.rest[n:]
	return word
}

// literal is a string; two quotes in it stand for one.
func (r *reader) literal() expression {
	text := ""
	for i := 1; i < len(r.rest); i++ {
		switch {
		case strings.HasPrefix(r.rest[i:], "''"):
			text += "'"
			i++
		case r.rest[i] == '\'':
			r.rest = strings.TrimLeft(r.rest[i+1:], " ")
			return expression{op: "string", text: text}
		default:
			text += r.rest[i : i+1]
		}
	}
	r.fail("a string without an end")
	return expression{}
}
