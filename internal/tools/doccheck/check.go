package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// A checker is one look at a tree.
type checker struct {
	tree     *tree
	programs *programs
	docs     map[string]*document
	tests    map[string]*packageTests
	sum      summary
}

// A summary says how much was looked at, so that nothing is passed over in silence.
type summary struct {
	documents, links, external, commands, names int

	foreign map[string]int // commands of others, by program: looked at for paths of ours only
	edges   map[string][]string
}

func (s *summary) edge(from, to string) { s.edges[from] = append(s.edges[from], to) }

func (s summary) String() string {
	var others []string
	for _, name := range slices.Sorted(maps.Keys(s.foreign)) {
		others = append(others, fmt.Sprintf("%s %d", name, s.foreign[name]))
	}
	return fmt.Sprintf("%d documents, %d links within them, %d addresses elsewhere (form only, not fetched), %d commands of ours, %d names.\n"+
		"Commands of others, of which only paths of this repository were checked: %s.",
		s.documents, s.links, s.external, s.commands, s.names, strings.Join(others, ", "))
}

// check looks at all documents, and at the names in code comments and in deploy.
func check(t *tree, p *programs) ([]fault, summary, error) {
	c := &checker{tree: t, programs: p, docs: map[string]*document{}, tests: map[string]*packageTests{}}
	c.sum.foreign, c.sum.edges = map[string]int{}, map[string][]string{}
	for _, name := range t.under(".", ".md") {
		if inTestdata(name) || strings.Contains(name, "node_modules/") {
			continue
		}
		text, err := t.read(name)
		if err != nil {
			return nil, c.sum, err
		}
		c.docs[name] = parseDocument(name, text)
	}
	names, err := c.readNames()
	if err != nil {
		return nil, c.sum, err
	}
	c.sum.documents = len(c.docs)
	for _, d := range c.docs {
		d.layout()
		d.references()
		c.links(d)
		c.named(d)
		c.fences(d)
		c.spans(d)
		c.documentNames(names, d)
	}
	c.reach()
	var faults []fault
	for _, d := range c.docs {
		faults = append(faults, d.faults...)
	}
	others, err := c.otherFiles(names)
	if err != nil {
		return nil, c.sum, err
	}
	faults = append(faults, others...)
	return inOrder(append(faults, names.unused()...)), c.sum, nil
}

const index = "docs/README.md"

// reach follows the links from the entries: every document in docs has to be found, and the index has to list those right in docs.
func (c *checker) reach() {
	seen := map[string]bool{}
	todo := []string{"README.md", index}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] || c.docs[name] == nil {
			continue
		}
		seen[name] = true
		todo = append(todo, c.sum.edges[name]...)
	}
	for name, d := range c.docs {
		if strings.HasPrefix(name, "docs/") && !seen[name] {
			d.fault(1, "no link leads here from README.md or docs/README.md; add it to docs/README.md")
		} else if name != index && path.Dir(name) == path.Dir(index) && !slices.Contains(c.sum.edges[index], name) {
			d.fault(1, "the index does not list this page; add it to docs/README.md")
		}
	}
}
