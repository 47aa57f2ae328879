package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// object wants an object with no members but those named.
func (p *parser) object(v node, known ...string) (object, bool) {
	o, ok := v.value.(object)
	if !ok {
		p.add(v.path, "is not an object; write { }")
		return object{}, false
	}
	for _, name := range o.names {
		if !slices.Contains(known, name) {
			p.add(join(v.path, name), "is not known here; write some of "+strings.Join(known, ", "))
		}
	}
	return o, true
}

// need returns a member that must be there.
func (p *parser) need(o object, at node, name string) node {
	n, ok := o.member[name]
	if !ok {
		p.add(join(at.path, name), "is missing")
	}
	return n
}

// text reads a text for people. If it is short, it is one line.
func (p *parser) text(o object, at node, name string, oneLine bool, most int) string {
	n, ok := o.member[name]
	if !ok {
		return ""
	}
	s, isText := n.value.(string)
	if !isText || utf8.RuneCountInString(s) > most {
		p.add(n.path, fmt.Sprintf("is not a text of at most %d characters", most))
		return ""
	}
	if oneLine && !isLine(s) {
		p.add(n.path, "has a line break or a control character; write one line")
	}
	return s
}

// list wants a list of 1 to most different texts.
func (p *parser) list(v node, most int) []node {
	items, ok := v.value.([]node)
	if !ok || len(items) == 0 || len(items) > most {
		p.add(v.path, fmt.Sprintf("is not a list of 1 to %d entries", most))
		return nil
	}
	seen := map[string]bool{}
	for _, n := range items {
		if s, ok := n.value.(string); ok {
			if seen[s] {
				p.add(n.path, "is there twice; write it once")
			}
			seen[s] = true
		}
	}
	return items
}

// when reads the conditions.
func (p *parser) when(v node, r *rule) {
	o, ok := p.object(v, memberOf[:]...)
	if !ok {
		return
	}
	for f := range fields {
		if n, ok := o.member[memberOf[f]]; ok {
			r.when[f], r.atoms[f] = p.condition(n, f)
		}
	}
}

func (p *parser) condition(v node, f field) (values []string, atoms []uint16) {
	values = []string{} // not nil: there is a condition
	for _, n := range p.list(v, MaxValues) {
		s, isText := n.value.(string)
		if problem := valueProblem(f, s); !isText || problem != "" {
			p.add(n.path, orElse(problem, "is not a text"))
			continue
		}
		s = canonical(f, s)
		if !slices.Contains(values, s) {
			values, atoms = append(values, s), append(atoms, p.number(f, s))
		}
	}
	return values, atoms
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// number returns the number of a value. Beyond the bound the file is refused, so any number will do.
func (p *parser) number(f field, s string) uint16 {
	numbers := &p.policy.numbers[f]
	if *numbers == nil {
		*numbers = map[string]uint16{}
	}
	n, ok := (*numbers)[s]
	if !ok {
		n = uint16(min(p.atoms, maxAtoms-1))
		(*numbers)[s] = n
		p.atoms++
	}
	return n
}

// valueProblem says what is wrong with an alternative of a condition, or "".
func valueProblem(f field, s string) string {
	switch f {
	case byTenant:
		if !isGUID(s) {
			return "is not a tenant id; write a GUID"
		}
	case byKind:
		if s != member && s != guest {
			return "is neither member nor guest; write one of them"
		}
	case byClient:
		if !isVisible(s) {
			return "is not a client id; write the application (client) id, a GUID, or as the issuer writes it"
		}
	default:
		if s == "" || utf8.RuneCountInString(s) > maxText || !isLine(s) {
			return fmt.Sprintf("is not a text of 1 to %d characters on one line", maxText)
		}
	}
	return ""
}

func isVisible(s string) bool {
	return s != "" && len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isLine reports whether s has nothing that breaks a line or turns the direction of writing.
func isLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	})
}

func isName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-')
	})
}
