package config

import (
	"fmt"
	"slices"
	"strings"
)

// maxIssuers is the most issuers of a file.
const maxIssuers = 31 // and the one of the settings

// ParseIssuers reads the file of ACSAUTH_ISSUERS and names every fault in it
// with its place. The issuers are good only if there are no faults.
func ParseIssuers(data []byte, mode Mode) ([]Issuer, []PlaceFault) {
	root, faults := parseJSON(data)
	if root.value == nil && len(faults) > 0 {
		return nil, faults
	}
	p := &issuerParser{mode: mode, faults: faults}
	top := p.object(root)
	p.known(top, "$schema", "issuers")
	list, ok := top.get("issuers").value.([]node)
	if !ok || len(list) == 0 || len(list) > maxIssuers {
		p.add(node{place: "issuers"}, fmt.Sprintf("is not a list of 1 to %d issuers", maxIssuers), "")
		return nil, p.faults
	}
	var out []Issuer
	for _, n := range list {
		out = append(out, p.issuer(n))
	}
	p.names(list, out)
	return out, p.faults
}

type issuerParser struct {
	mode   Mode
	faults []PlaceFault
}

func (p *issuerParser) add(n node, problem, write string) {
	place := n.place
	if place == "" {
		place = "file"
	}
	p.faults = append(p.faults, PlaceFault{Place: shorten(place), Problem: problem, Write: write})
}

// An object is a JSON object that is being read.
type object struct {
	node
	members []member
}

func (p *issuerParser) object(n node) object {
	members, ok := n.value.([]member)
	if !ok {
		p.add(n, "is not an object", "")
	}
	return object{n, members}
}

// get returns a member, or an empty node with the place where it would be.
func (o object) get(name string) node {
	for _, m := range o.members {
		if m.name == name {
			return m.node
		}
	}
	place := name
	if o.place != "" {
		place = o.place + "." + name
	}
	return node{place: place}
}

func (o object) has(name string) bool {
	return slices.ContainsFunc(o.members, func(m member) bool { return m.name == name })
}

// known names every member that is not one of names.
func (p *issuerParser) known(o object, names ...string) {
	for _, m := range o.members {
		if !slices.Contains(names, m.name) {
			p.add(m.node, "is not known here", "some of "+strings.Join(names, ", "))
		}
	}
}

func (p *issuerParser) text(o object, name string, needed bool) string {
	s, ok := o.get(name).value.(string)
	switch {
	case !o.has(name) && needed:
		p.add(o.get(name), missing, issuerAdvice[name])
	case o.has(name) && (!ok || s == "" || len(s) > 256):
		p.add(o.get(name), "is not a text of 1 to 256 characters", issuerAdvice[name])
	}
	return s
}

func (p *issuerParser) yes(o object, name string) bool {
	b, ok := o.get(name).value.(bool)
	if o.has(name) && !ok {
		p.add(o.get(name), "is neither true nor false", "")
	}
	return b
}

// texts reads a list of different texts and lets check see each of them.
func (p *issuerParser) texts(o object, name string, needed bool, check func(node, string)) []string {
	if !o.has(name) {
		if needed {
			p.add(o.get(name), missing, issuerAdvice[name])
		}
		return nil
	}
	items, ok := o.get(name).value.([]node)
	if !ok || len(items) == 0 || len(items) > maxList {
		p.add(o.get(name), fmt.Sprintf("is not a list of 1 to %d entries", maxList), issuerAdvice[name])
	}
	var out []string
	for _, n := range items {
		s, ok := n.value.(string)
		switch {
		case !ok || s == "" || len(s) > 256:
			p.add(n, "is not a text of 1 to 256 characters", issuerAdvice[name])
			continue
		case slices.Contains(out, s):
			p.add(n, "is there twice", "")
		}
		check(n, s)
		out = append(out, s)
	}
	return out
}

func (p *issuerParser) names(list []node, all []Issuer) {
	for n, i := range all {
		same := slices.IndexFunc(all, func(o Issuer) bool { return strings.EqualFold(o.Name, i.Name) })
		if same < n && i.Name != "" {
			p.add(node{place: list[n].place + ".name"}, "is "+quote(i.Name)+", which another issuer has", "a name of its own")
		}
	}
}
