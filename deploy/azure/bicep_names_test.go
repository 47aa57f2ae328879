package azure

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A module is one file of Bicep, with what it declares by name.
type module struct {
	path    string
	decls   []decl
	symbols map[string]*decl
	modules map[string]*module // by the name of the declaration
}

// readModule reads a file and the modules that it uses.
func readModule(path string) (*module, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &module{path: path, symbols: map[string]*decl{}, modules: map[string]*module{}}
	if m.decls, err = parseBicep(string(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range m.decls {
		if err := m.declare(&m.decls[i]); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, m.decls[i].line, err)
		}
	}
	return m, nil
}

func (m *module) declare(d *decl) error {
	switch {
	case d.word == "targetScope" || d.word == "extension" || d.word == "output":
		return nil
	case m.symbols[d.name] != nil:
		return fmt.Errorf("%s is declared twice", d.name)
	}
	m.symbols[d.name] = d
	if d.word != "module" {
		return nil
	}
	inner, err := readModule(filepath.Join(filepath.Dir(m.path), d.kind))
	if err != nil {
		return err
	}
	m.modules[d.name] = inner
	return inner.accepts(d)
}

// accepts checks that the parameters of a module are those that it is given.
func (m *module) accepts(d *decl) error {
	params := d.property("params")
	if params == nil {
		return fmt.Errorf("module %s has no params", d.name)
	}
	for _, p := range m.all("param") {
		i := slices.IndexFunc(params.keys, func(k node) bool { return k.text == p.name })
		if i < 0 && p.value == nil {
			return fmt.Errorf("module %s is not given %s", d.name, p.name)
		}
	}
	for _, k := range params.keys {
		if p := m.symbols[k.text]; p == nil || p.word != "param" {
			return fmt.Errorf("module %s has no parameter %s", d.name, k.text)
		}
	}
	return nil
}

// all lists the declarations of a kind, in their order.
func (m *module) all(word string) (out []*decl) {
	for i := range m.decls {
		if m.decls[i].word == word {
			out = append(out, &m.decls[i])
		}
	}
	return out
}

// property finds a property of a resource or module, or nil.
func (d *decl) property(name string) *node {
	if d.value == nil {
		return nil
	}
	for i, k := range d.value.keys {
		if k.text == name {
			return &d.value.kids[i]
		}
	}
	return nil
}

// root follows members to the name that they begin with, and gives the first member.
func root(n node) (name, member string) {
	for ; n.op == "dot" || n.op == "sure"; n = n.kids[0] {
		if n.op == "dot" {
			member = n.text
		}
	}
	if n.op == "name" {
		return n.text, member
	}
	return "", ""
}

// walk visits n and all below it.
func walk(n *node, visit func(node)) {
	if n == nil {
		return
	}
	visit(*n)
	for i := range n.keys {
		walk(&n.keys[i], visit)
	}
	for i := range n.kids {
		walk(&n.kids[i], visit)
	}
}

// atRunTime tells whether a value is known only while the deployment runs; ARM takes no such variable.
func (m *module) atRunTime(n *node) (yes bool) {
	walk(n, func(n node) {
		name, member := root(n)
		switch d := m.symbols[name]; {
		case d == nil:
		case d.word == "var":
			yes = yes || m.atRunTime(d.value)
		case d.word == "module":
			yes = yes || member != "name"
		case d.word == "resource":
			yes = yes || n.op == "dot" && member != "id" && member != "name"
		}
	})
	return yes
}

// needs lists what has to be deployed before n can be evaluated.
func (m *module) needs(n *node, found map[string]bool) {
	walk(n, func(n node) {
		if n.op != "name" {
			return
		}
		switch d := m.symbols[n.text]; {
		case d == nil || d.word == "param":
		case d.word == "var" || d.existing:
			m.needs(d.value, found)
		default:
			found[d.name] = true
		}
	})
}

// typeOf cuts type@version.
func (d *decl) typeOf() (kind, version string) {
	kind, version, _ = strings.Cut(d.kind, "@")
	return kind, version
}
