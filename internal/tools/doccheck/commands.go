package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// fences checks that each block has a language, and the commands of shell blocks.
func (c *checker) fences(d *document) {
	for _, b := range d.blocks {
		script := ""
		switch b.language {
		case "":
			d.fault(b.line-1, "the fenced block has no language; write sh, console, json, text, ...")
		case "sh", "bash", "console":
			script = typed(b)
			d.syntax(script, b.line)
		}
		c.script(d, script, b.line)
	}
	for _, b := range d.indented {
		c.script(d, strings.Join(b.lines, "\n"), b.line)
	}
}

// typed is what a reader types: all of a script, or of a session the lines after "$ ".
func typed(b fence) string {
	session := b.language == "console" || len(b.lines) > 0 && strings.HasPrefix(strings.TrimSpace(b.lines[0]), "$ ")
	if !session {
		return strings.Join(b.lines, "\n")
	}
	out := make([]string, len(b.lines))
	more := false
	for i, line := range b.lines {
		after, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		switch {
		case ok:
			out[i] = after
		case more:
			out[i] = line
		}
		more = out[i] != "" && strings.HasSuffix(out[i], "\\")
	}
	return strings.Join(out, "\n")
}

// spans checks the commands and the paths that the text names.
func (c *checker) spans(d *document) {
	for _, s := range d.spans {
		first, rest, _ := strings.Cut(s.text, " ")
		switch {
		case first == "acsauth" || first == "acsauth-dev", first == "make" && rest != "",
			first == "go" && ourGo.MatchString(rest), first == "bash" && !strings.HasPrefix(rest, "-"),
			slices.Contains([]string{"cd", "node", "npm"}, first) && rest != "":
			c.script(d, s.text, s.line)
		case rest == "":
			c.pathSpan(d, s)
		}
	}
}

var (
	ourGo    = regexp.MustCompile(`^(run|test|vet|build|generate|install) .*(\./|` + regexp.QuoteMeta(module) + `)`)
	pathForm = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+/?$`)
	inGo     = regexp.MustCompile(`\.(Test|Fuzz|Benchmark)\w+`)
)

// pathSpan checks code that looks like a path of this repository.
func (c *checker) pathSpan(d *document, s span) {
	top, _, _ := strings.Cut(s.text, "/")
	if !pathForm.MatchString(s.text) || !c.tree.folders[top] || inGo.MatchString(s.text) || strings.Contains(s.text, "...") {
		return
	}
	c.sum.names++
	if !c.tree.has(s.text) && !c.tree.has(path.Join(path.Dir(d.path), s.text)) && !made(s.text) {
		d.fault(s.line, "%s is not in the repository; name what is there", s.text)
	}
}

// made says whether a path is one that a build makes.
func made(name string) bool {
	return strings.Contains(name, "node_modules") || strings.Contains(name, "/dist") || strings.HasPrefix(name, ".tmp")
}

// A place is where a script works: the folders that its relative paths may mean, none when that is not known.
type place []string

// script checks each command of a script of a document.
func (c *checker) script(d *document, script string, line int) {
	at := place{"."}
	for dir := path.Dir(d.path); dir != "."; dir = path.Dir(dir) {
		at = append(at, dir)
	}
	var outer []place
	for _, k := range commands(script, line) {
		switch name := k.words[0]; {
		case name == "(":
			outer = append(outer, slices.Clone(at))
		case name == ")":
			if n := len(outer); n > 0 {
				at, outer = outer[n-1], outer[:n-1]
			}
		case name == "cd" && len(k.words) == 2:
			at = c.enter(d, k, at)
		default:
			c.command(d, k, at)
		}
	}
}

func (c *checker) enter(d *document, k command, at place) (to place) {
	dir := k.words[1]
	if len(at) == 0 || path.IsAbs(dir) || placeholder(dir) || strings.ContainsAny(dir, "$~") {
		return nil
	}
	for _, base := range at {
		if p := path.Join(base, dir); c.tree.folders[p] {
			to = append(to, p)
		}
	}
	if to == nil {
		d.fault(k.line, "cd %s: there is no such folder", dir)
	}
	return to
}
