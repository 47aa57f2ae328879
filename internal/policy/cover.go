package policy

import "slices"

// maxCases bounds the work for one rule; beyond it, only single rules are compared.
const maxCases = 1000

// alternatives of a condition; that of kinds is always there.
func alternatives(r *rule, f field) []string {
	if f == byKind && r.when[f] == nil {
		return []string{member, guest}
	}
	return r.when[f]
}

// takers returns the rules of earlier that together take every caller who fits
// r, or nil if some caller may be left. A caller who fits r has one alternative of each condition
// at least, so each combination of alternatives is a case, which one rule must take.
func takers(earlier []rule, r *rule) []string {
	var near []*rule
	for i := range earlier {
		e := &earlier[i]
		if takesAll(e, r) {
			return []string{e.name}
		}
		if takesSome(e, r) {
			near = append(near, e)
		}
	}
	cases := 1
	for f := range fields {
		if n := len(alternatives(r, f)); n > 0 {
			cases *= n
		}
		if cases > maxCases {
			return nil
		}
	}
	var names []string
	for n := range cases {
		i := slices.IndexFunc(near, func(e *rule) bool { return takesCase(e, caseOf(r, n)) })
		if i < 0 {
			return nil
		}
		if name := near[i].name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// caseOf returns combination n of the alternatives of r: "", which is no value, where there is no condition.
func caseOf(r *rule, n int) (c [fields]string) {
	for f := range fields {
		if list := alternatives(r, f); len(list) > 0 {
			c[f] = list[n%len(list)]
			n /= len(list)
		}
	}
	return c
}

func takesCase(e *rule, c [fields]string) bool {
	for f := range fields {
		if e.when[f] != nil && !slices.Contains(e.when[f], c[f]) {
			return false
		}
	}
	return true
}

// takesAll reports whether whoever fits r fits e.
func takesAll(e, r *rule) bool {
	for f := range fields {
		if e.when[f] == nil {
			continue
		}
		list := alternatives(r, f)
		if list == nil || slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(e.when[f], s) }) {
			return false
		}
	}
	return true
}

// takesSome reports whether e takes any case of r.
func takesSome(e, r *rule) bool {
	for f := range fields {
		if e.when[f] != nil && !intersect(e.when[f], alternatives(r, f)) {
			return false
		}
	}
	return true
}

// disjoint reports whether surely no caller fits both. One may be in many
// groups and have many roles, but has one of all else.
func disjoint(a, b *rule) bool {
	for _, f := range [...]field{byIssuer, byTenant, byKind, byClient} {
		if a.when[f] != nil && b.when[f] != nil && !intersect(a.when[f], b.when[f]) {
			return true
		}
	}
	return false
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
