package azure

import (
	"fmt"
	"slices"
	"strings"
)

// signNames are the functions of ARM that stand for the signs of Bicep.
var signNames = map[string]string{
	"==": "equals", "&&": "and", "||": "or", "+": "add", "-": "sub", "<": "less", ">": "greater", "<=": "lessOrEquals", ">=": "greaterOrEquals", "??": "coalesce",
}

// text is an expression in the language of ARM.
func (e emitter) text(n node) string {
	switch n.op {
	case "string":
		return quoted(n.text)
	case "int":
		return n.text
	case "bool":
		return n.text + "()"
	case "null":
		return "null()"
	case "format":
		return e.format(n)
	case "name":
		return e.name(n)
	case "call":
		return e.call(n.text, n.kids...)
	case "dot":
		return e.dot(n)
	case "index":
		return e.text(n.kids[0]) + "[" + e.text(n.kids[1]) + "]"
	case "array":
		return e.call("createArray", n.kids...)
	case "object":
		return e.call("createObject", pairs(n)...)
	case "not":
		return e.call("not", n.kids...)
	case "cond":
		return e.call("if", n.kids...)
	case "sure":
		return e.text(n.kids[0])
	case "!=":
		return "not(" + e.call("equals", n.kids...) + ")"
	}
	if f := signNames[n.op]; f != "" {
		return e.call(f, n.kids...)
	}
	e.fail(n.line, "the expression %s", n.op)
	return ""
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func pairs(n node) (out []node) {
	for i, k := range n.keys {
		out = append(out, k, n.kids[i])
	}
	return out
}

func (e emitter) call(name string, args ...node) string {
	if functions[name] == nil && !slices.Contains(whereabouts[:], name) {
		e.fail(0, "the function %s", name)
	}
	var out []string
	for _, a := range args {
		out = append(out, e.text(a))
	}
	return name + "(" + strings.Join(out, ", ") + ")"
}

func (e emitter) format(n node) string {
	text, args := "", ""
	for i, k := range n.kids {
		if i%2 == 0 {
			text += strings.NewReplacer("{", "{{", "}", "}}").Replace(k.text)
			continue
		}
		text += fmt.Sprintf("{%d}", i/2)
		args += ", " + e.text(k)
	}
	return "format(" + quoted(text) + args + ")"
}

func (e emitter) name(n node) string {
	d := e.symbols[n.text]
	switch {
	case d == nil:
		e.fail(n.line, "%s is not declared", n.text)
	case d.word == "param":
		return "parameters('" + d.name + "')"
	case d.word == "var" && e.atRunTime(d.value):
		return e.text(*d.value)
	case d.word == "var":
		return "variables('" + d.name + "')"
	}
	e.fail(n.line, "%s as a whole", n.text)
	return ""
}

// dot is a member: of a resource or module, or of any other value.
func (e emitter) dot(n node) string {
	inner := n.kids[0]
	for inner.op == "sure" {
		inner = inner.kids[0]
	}
	if d := e.symbols[inner.text]; inner.op == "name" && d != nil && (d.word == "resource" || d.word == "module") {
		return e.ofResource(d, n)
	}
	if name, first := root(inner); first == "outputs" && e.symbols[name].word == "module" {
		return e.output(e.symbols[name], n)
	}
	return e.text(inner) + "." + n.text
}

func (e emitter) ofResource(d *decl, n node) string {
	_, version := d.typeOf()
	if d.word == "module" {
		version = deploymentsVersion
	}
	switch {
	case n.text == "id" && !isOfDirectory(d):
		return e.idOf(d)
	case n.text == "name":
		return e.text(*d.property("name"))
	case n.text == "properties" || d.word == "module" && n.text == "outputs" || isOfDirectory(d):
		text := fmt.Sprintf("reference(%s, '%s')", e.idOfAny(d), version)
		if n.text != "properties" {
			text += "." + n.text
		}
		return text
	}
	e.fail(n.line, "the member %s of %s", n.text, d.name)
	return ""
}

// idOfAny is that of things in the directory, too, which have no name.
func (e emitter) idOfAny(d *decl) string {
	if isOfDirectory(d) {
		return quoted(d.kind + "/" + d.name)
	}
	return e.idOf(d)
}

// output is one output of a module, which has to declare it.
func (e emitter) output(d *decl, n node) string {
	outputs := e.modules[d.name].all("output")
	if !slices.ContainsFunc(outputs, func(o *decl) bool { return o.name == n.text }) {
		e.fail(n.line, "module %s has no output %s", d.name, n.text)
	}
	return e.text(n.kids[0]) + "." + n.text + ".value"
}
