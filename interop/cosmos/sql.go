package cosmos

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// A selection is a query that was understood.
type selection struct {
	properties []string // nil: all
	any        [][]test // some list of tests that all hold
}

// A test is property = value, property IN (values), or a comparison of strings.
type test struct {
	property string
	than     string // < or > for comparisons
	values   []any
}

var (
	word       = regexp.MustCompile(`@?[A-Za-z_][A-Za-z0-9_]*|[*.,=()<>]|'[^'\\]*'|\S`)
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// A parser reads the words of a query.
type parser struct {
	words      []string
	parameters map[string]any
	err        error
}

// parseQuery reads the body of a query.
func parseQuery(body []byte) (*selection, *answer) {
	var q struct {
		Query      string
		Parameters []struct {
			Name  string
			Value any
		}
	}
	if json.Unmarshal(body, &q) != nil || q.Query == "" {
		return nil, badRequest("the body is not a query")
	}
	p := &parser{words: word.FindAllString(q.Query, -1), parameters: map[string]any{}}
	for _, parameter := range q.Parameters {
		p.parameters[parameter.Name] = parameter.Value
	}
	sel := p.selection()
	if p.err != nil {
		return nil, badRequest("the stand-in does not understand the query: " + p.err.Error())
	}
	return sel, nil
}

func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// takes takes the next word if it is this one.
func (p *parser) takes(w string) bool {
	if len(p.words) == 0 || !strings.EqualFold(p.words[0], w) {
		return false
	}
	p.next()
	return true
}

func (p *parser) need(w string) {
	if !p.takes(w) && p.err == nil {
		p.err = fmt.Errorf("%q is missing", w)
	}
}

func (p *parser) selection() *selection {
	sel := &selection{}
	p.need("SELECT")
	if !p.takes("*") {
		sel.properties = []string{p.property()}
		for p.takes(",") {
			sel.properties = append(sel.properties, p.property())
		}
	}
	p.need("FROM")
	p.need("c")
	p.need("WHERE")
	for more := true; more && p.err == nil; more = p.takes("OR") {
		all := []test{p.test()}
		for p.takes("AND") {
			all = append(all, p.test())
		}
		sel.any = append(sel.any, all)
	}
	if len(p.words) > 0 && p.err == nil {
		p.err = fmt.Errorf("%q stands where the query should end", p.words[0])
	}
	return sel
}

// property reads c.name.
func (p *parser) property() string {
	p.need("c")
	p.need(".")
	name := p.next()
	if !identifier.MatchString(name) && p.err == nil {
		p.err = fmt.Errorf("%q is not a property", name)
	}
	return name
}

func (p *parser) test() test {
	t := test{property: p.property()}
	if p.takes("=") {
		t.values = []any{p.value()}
		return t
	}
	for _, than := range []string{"<", ">"} {
		if p.takes(than) {
			t.than, t.values = than, []any{p.value()}
			return t
		}
	}
	p.need("IN")
	p.need("(")
	t.values = append(t.values, p.value())
	for p.takes(",") {
		t.values = append(t.values, p.value())
	}
	p.need(")")
	return t
}

// value reads a parameter or a string.
func (p *parser) value() any {
	w := p.next()
	if strings.HasPrefix(w, "'") && len(w) > 1 {
		return w[1 : len(w)-1]
	}
	v, ok := p.parameters[w]
	if !ok && p.err == nil {
		p.err = fmt.Errorf("there is no parameter %q", w)
	}
	return v
}

// filtered is the properties that tests look at.
func (sel *selection) filtered() (properties []string) {
	for _, all := range sel.any {
		for _, t := range all {
			properties = append(properties, t.property)
		}
	}
	return properties
}

func (sel *selection) matches(body map[string]any) bool {
	for _, all := range sel.any {
		holds := true
		for _, t := range all {
			holds = holds && t.holds(body)
		}
		if holds {
			return true
		}
	}
	return false
}

func (t test) holds(body map[string]any) bool {
	has, ok := body[t.property]
	if t.than != "" {
		a, aok := has.(string)
		b, bok := t.values[0].(string)
		return aok && bok && (t.than == "<" && a < b || t.than == ">" && a > b)
	}
	for _, v := range t.values {
		if ok && has == v {
			return true
		}
	}
	return false
}

// project keeps the properties that were asked for.
func (sel *selection) project(body map[string]any) map[string]any {
	if sel.properties == nil {
		return body
	}
	some := map[string]any{}
	for _, p := range sel.properties {
		if v, ok := body[p]; ok {
			some[p] = v
		}
	}
	return some
}
