package attack

import "strings"

// A Case is a bad token: a good one with an edit. Its twin is the same good
// token with a harmless edit, or none, and must pass; so a case cannot be refused for a wrong reason.
type Case struct {
	Class byte
	Name  string
	Want  string // code of the refusal on a route for users
	Edit  Edit
	Twin  Edit // nil: the good token itself
	V1    bool // the good token is a v1 token

	// Admin is the code on a route for administration, where the good token has the role [AdminRole] besides, and no
	// scope is needed. "" means that the token is good there.
	Admin string
}

// Base is the good token that the case edits.
func (w World) Base(c Case) *Token {
	switch {
	case c.Class == 'N':
		return w.Teams()
	case c.V1:
		return w.V1()
	}
	return w.V2()
}

// Bad makes the token of the case.
func (w World) Bad(c Case) string { return Mint(w.Base(c), c.Edit) }

// Good makes its twin.
func (w World) Good(c Case) string { return Mint(w.Base(c), c.Twin) }

// Name of the corpus: a letter and words.
func (c Case) String() string { return string(c.Class) + " " + c.Name }

// Combines reports whether an edit changes header and claims only. Two of
// those, of different classes, never add up to a good token; a key or a second
// spelling of a claim may fit what another edit took away.
func (w World) Combines(c Case) bool {
	if c.Class == 'L' { // fits its size to the token
		return false
	}
	k := w.Base(c)
	c.Edit(k)
	return k.editHeader == nil && k.editPayload == nil && k.sign == nil && k.wrap == nil && k.Key == w.Base(c).Key
}

// corpus collects cases.
type corpus struct {
	w     World
	cases []Case
}

func (c *corpus) add(class byte, want, name string, e Edit) {
	c.cases = append(c.cases, Case{Class: class, Name: name, Want: want, Admin: want, Edit: e})
}

func (c *corpus) last() *Case { return &c.cases[len(c.cases)-1] }

// twin gives the last case its own twin.
func (c *corpus) twin(e Edit) { c.last().Twin = e }

// admin gives the last case another outcome on the routes for administration.
func (c *corpus) admin(code string) { c.last().Admin = code }

// v1 adds a case on a v1 token.
func (c *corpus) v1(class byte, want, name string, e Edit) {
	c.add(class, want, name, e)
	c.last().V1 = true
}

// Cases are the bad tokens of the classes A to L.
func (w World) Cases() []Case {
	c := &corpus{w: w}
	for _, class := range [...]func(){c.structure, c.algorithm, c.keyChoice, c.signature, c.times, c.issuer, c.audience, c.rights, c.wrongKind, c.subject, c.json, c.size} {
		class()
	}
	return c.cases
}

// swap replaces the first old after the scheme of a URL.
func swap(url, old, new string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	return scheme + "://" + strings.Replace(rest, old, new, 1)
}
