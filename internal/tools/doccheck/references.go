package main

import (
	"regexp"
	"strings"
)

var (
	labelForm = regexp.MustCompile(`(?m)^ {0,3}\[([^\]\n]+)\]:\s`)
	refForm   = regexp.MustCompile(`\[([^\[\]]+)\]\[([^\[\]]*)\]`)
	startForm = regexp.MustCompile(`\]\(`)
)

// references finds links by a name that nothing defines, and links that are none for their form.
func (d *document) references() {
	defined := map[string]bool{}
	for _, m := range labelForm.FindAllStringSubmatch(d.prose, -1) {
		defined[label(m[1])] = true
	}
	for _, m := range refForm.FindAllStringSubmatchIndex(d.prose, -1) {
		name := d.prose[m[4]:m[5]]
		if name == "" {
			name = d.prose[m[2]:m[3]]
		}
		if !defined[label(name)] {
			d.fault(lineAt(d.prose, m[0]), "nothing defines [%s]; add a line [%s]: TARGET", name, name)
		}
	}
	for _, m := range startForm.FindAllStringIndex(d.prose, -1) {
		if at := linkForm.FindStringIndex(d.prose[m[0]:]); at == nil || at[0] != 0 {
			d.fault(lineAt(d.prose, m[0]), "this is no link for its form; write [text](target), with %%20 for a blank in the target")
		}
	}
}

// label is the name of a reference as it is compared: without regard to case and blanks.
func label(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
