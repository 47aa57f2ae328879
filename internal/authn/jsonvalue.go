package authn

import (
	"errors"
	"strings"
)

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// A jsonValue is a parsed JSON value.
type jsonValue struct {
	kind    jsonKind
	text    string // a string unescaped; anything else but arrays and objects as written
	items   []jsonValue
	members []jsonMember
}

type jsonMember struct {
	name  string
	value jsonValue
}

// get returns the member with exactly this name.
func (v jsonValue) get(name string) (jsonValue, bool) {
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value, true
		}
	}
	return jsonValue{}, false
}

func (v jsonValue) has(name string) bool {
	_, ok := v.get(name)
	return ok
}

// str returns the text of a member that is a string, else "".
func (v jsonValue) str(name string) (string, bool) {
	if m, _ := v.get(name); m.kind == jsonString {
		return m.text, true
	}
	return "", false
}

var errLookAlike = errors.New("a name differs from a known one by case only")

// checkNames refuses members whose name differs from a known one by case only:
// a reader that ignores case would take them for the known one. The keys of known are lower case.
func checkNames(v jsonValue, known map[string]string) error {
	for i := range v.members {
		name := v.members[i].name
		if exact, ok := known[lower(name)]; ok && exact != name {
			return errLookAlike
		}
	}
	return nil
}

// lower folds s as encoding/json does: the Kelvin sign and the long s are the
// only characters outside ASCII that fold into it.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r == '\u212a':
			return 'k'
		case r == '\u017f':
			return 's'
		}
		return r
	}, s)
}

// nameTable makes the table that checkNames needs.
func nameTable(names ...string) map[string]string {
	t := make(map[string]string, len(names))
	for _, n := range names {
		t[lower(n)] = n
	}
	return t
}
