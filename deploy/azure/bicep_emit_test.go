package azure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An object is JSON whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.key, m.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := plain(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plain is JSON that leaves & and < as they are.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

const (
	deployments        = "Microsoft.Resources/deployments"
	deploymentsVersion = "2022-09-01"
	templateSchema     = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
)

// An emitter makes an ARM template of a module.
type emitter struct{ *module }

func compile(m *module) (out object, err error) {
	defer caught(&err)
	e := emitter{m}
	out = object{{"$schema", templateSchema}, {"contentVersion", "1.0.0.0"}}
	var params, vars, outputs object
	for _, d := range m.all("param") {
		params = append(params, member{d.name, e.param(d)})
	}
	for _, d := range m.all("var") {
		if !m.atRunTime(d.value) {
			vars = append(vars, member{d.name, e.value(*d.value)})
		}
	}
	for _, d := range m.all("output") {
		outputs = append(outputs, member{d.name, object{{"type", d.kind}, {"value", e.value(*d.value)}}})
	}
	return append(out, member{"parameters", params}, member{"variables", vars}, member{"resources", e.resources()}, member{"outputs", outputs}), nil
}

func (e emitter) fail(line int, format string, args ...any) {
	panic(fault{fmt.Errorf("%s: line %d: %s", e.path, line, fmt.Sprintf(format, args...))})
}

// decoratorNames are those of ARM, by those of Bicep.
var decoratorNames = map[string]string{"allowed": "allowedValues", "minValue": "minValue", "maxValue": "maxValue", "minLength": "minLength", "maxLength": "maxLength"}

func (e emitter) param(d *decl) object {
	out := object{{"type", d.kind}}
	if d.value != nil {
		out = append(out, member{"defaultValue", e.value(*d.value)})
	}
	for _, c := range d.decorators {
		if name, ok := decoratorNames[c.text]; ok {
			out = append(out, member{name, e.value(c.kids[0])})
		} else if c.text == "description" {
			out = append(out, member{"metadata", object{{"description", c.kids[0].text}}})
		} else {
			e.fail(d.line, "the decorator %s", c.text)
		}
	}
	return out
}

func (e emitter) resources() []any {
	out := []any{}
	for i := range e.decls {
		switch d := &e.decls[i]; {
		case d.word == "module":
			out = append(out, e.nested(d))
		case d.word == "resource" && !d.existing:
			out = append(out, e.resource(d))
		}
	}
	return out
}

// resource is one resource. What Bicep says beside its properties is said in ARM's own way.
func (e emitter) resource(d *decl) object {
	kind, version := d.typeOf()
	out := e.conditional(d)
	out = append(out, member{"type", kind}, member{"apiVersion", version})
	if isOfDirectory(d) {
		for i, k := range d.value.keys {
			out = append(out, member{k.text, e.value(d.value.kids[i])})
		}
		return out
	}
	if s := d.property("scope"); s != nil {
		out = append(out, member{"scope", bracket(e.idOf(e.symbol(*s)))})
	}
	out = append(out, member{"name", e.fullName(d)})
	for i, k := range d.value.keys {
		if !slices.Contains([]string{"name", "parent", "scope", "dependsOn"}, k.text) {
			out = append(out, member{k.text, e.value(d.value.kids[i])})
		}
	}
	return append(out, e.dependsOn(d)...)
}

// isOfDirectory tells what is made in Entra ID, by the extension of Bicep: such resources have other keys than a name. The JSON of those is for the tests alone.
func isOfDirectory(d *decl) bool { return strings.HasPrefix(d.kind, "Microsoft.Graph/") }

func (e emitter) conditional(d *decl) object {
	if d.condition == nil {
		return nil
	}
	return object{{"condition", e.value(*d.condition)}}
}

// symbol is the declaration of the resource or module that n names.
func (e emitter) symbol(n node) *decl {
	d := e.symbols[n.text]
	if n.op != "name" || d == nil || d.word != "resource" && d.word != "module" {
		e.fail(n.line, "%s is no resource", n.text)
	}
	return d
}

func (e emitter) dependsOn(d *decl) object {
	found := map[string]bool{}
	e.needs(d.value, found)
	e.needs(d.condition, found)
	var ids []string
	for i := range e.decls {
		if o := &e.decls[i]; found[o.name] && o.name != d.name && (o.word == "resource" || o.word == "module") {
			ids = append(ids, bracket(e.idOf(o)))
		}
	}
	if ids == nil {
		return nil
	}
	return object{{"dependsOn", ids}}
}

// names are the expressions of the names of a resource and of those that it is a part of.
func (e emitter) names(d *decl) []node {
	name := d.property("name")
	if name == nil {
		e.fail(d.line, "%s has no name", d.name)
	}
	if p := d.property("parent"); p != nil {
		return append(e.names(e.symbol(*p)), *name)
	}
	return []node{*name}
}

func (e emitter) fullName(d *decl) any {
	names := e.names(d)
	if len(names) == 1 {
		return e.value(names[0])
	}
	n := node{op: "format", kids: []node{{op: "string"}}}
	for i, part := range names {
		if i > 0 {
			n.kids[len(n.kids)-1].text = "/"
		}
		n.kids = append(n.kids, part, node{op: "string"})
	}
	return e.value(n)
}

// idOf is the expression of the resource id.
func (e emitter) idOf(d *decl) string {
	if d.word == "module" {
		name := e.text(*d.property("name"))
		if s := d.property("scope"); s != nil {
			group := fmt.Sprintf("format('/subscriptions/{0}/resourceGroups/{1}', %s, %s)", e.text(s.kids[0]), e.text(s.kids[1]))
			return fmt.Sprintf("extensionResourceId(%s, '%s', %s)", group, deployments, name)
		}
		return fmt.Sprintf("resourceId('%s', %s)", deployments, name)
	}
	kind, _ := d.typeOf()
	out := "resourceId('" + kind + "'"
	for _, n := range e.names(d) {
		out += ", " + e.text(n)
	}
	return out + ")"
}

// nested is a module, as a deployment inside the deployment.
func (e emitter) nested(d *decl) object {
	out := e.conditional(d)
	out = append(out, member{"type", deployments}, member{"apiVersion", deploymentsVersion}, member{"name", e.fullName(d)})
	if s := d.property("scope"); s != nil {
		if s.op != "call" || s.text != "resourceGroup" || len(s.kids) != 2 {
			e.fail(d.line, "the scope of %s is no resourceGroup(subscription, name)", d.name)
		}
		out = append(out, member{"subscriptionId", e.value(s.kids[0])}, member{"resourceGroup", e.value(s.kids[1])})
	}
	template, err := compile(e.modules[d.name])
	if err != nil {
		panic(fault{err})
	}
	var given object
	for i, k := range d.property("params").keys {
		given = append(given, member{k.text, object{{"value", e.value(d.property("params").kids[i])}}})
	}
	out = append(out, member{"properties", object{
		{"expressionEvaluationOptions", object{{"scope", "inner"}}}, {"mode", "Incremental"}, {"parameters", given}, {"template", template},
	}})
	return append(out, e.dependsOn(d)...)
}

func bracket(expression string) string { return "[" + expression + "]" }

// value is JSON: plain where it can be, an expression in brackets otherwise.
func (e emitter) value(n node) any {
	switch n.op {
	case "string":
		return strings.Repeat("[", len(n.text)-len(strings.TrimPrefix(n.text, "["))) + n.text
	case "int":
		i, _ := strconv.Atoi(n.text)
		return i
	case "bool":
		return n.text == "true"
	case "null":
		return nil
	case "array":
		out := []any{}
		for _, k := range n.kids {
			out = append(out, e.value(k))
		}
		return out
	case "object":
		out := object{}
		for i, k := range n.keys {
			out = append(out, member{fmt.Sprint(e.value(k)), e.value(n.kids[i])})
		}
		return out
	}
	return bracket(e.text(n))
}
