package main

import (
	"path"
	"regexp"
	"strings"
)

// golang checks a command of the go tool.
func (c *checker) golang(d *document, line int, args []string, at place) {
	if len(args) == 0 {
		return
	}
	switch verb, rest := args[0], args[1:]; verb {
	case "run":
		c.goRun(d, line, rest, at)
	case "test":
		c.goTest(d, line, rest, at)
	case "build", "install", "vet", "generate", "list", "get", "doc":
		for _, a := range rest {
			c.goPackage(d, line, a, at)
		}
	}
}

// ourPackage is the folder of a package of ours, from a path with ./ or the import path.
func ourPackage(word string) (string, bool) {
	word, _, _ = strings.Cut(word, "@")
	if word == module || word == "." {
		return ".", true
	}
	if rest, ok := strings.CutPrefix(word, module+"/"); ok {
		return rest, true
	}
	return strings.CutPrefix(word, "./")
}

// goPackage checks that a package is there, if it is one of ours, and returns its folder.
func (c *checker) goPackage(d *document, line int, word string, at place) (string, bool) {
	folder, isOurs := ourPackage(word)
	if !isOurs || len(at) == 0 || placeholder(strings.TrimSuffix(word, "...")) {
		return "", false
	}
	folder, wild := strings.CutSuffix(folder, "...")
	folder = path.Clean(folder)
	for _, base := range at {
		f := path.Join(base, folder)
		if strings.HasPrefix(word, module) {
			f = folder
		}
		if len(c.tree.in(f, ".go")) > 0 || wild && len(c.tree.under(f, ".go")) > 0 {
			return f, true
		}
	}
	d.fault(line, "there is no package %s", word)
	return "", false
}

// goRun checks the command line of a program that is run from its source.
func (c *checker) goRun(d *document, line int, args []string, at place) {
	for i, a := range args {
		folder, ok := c.goPackage(d, line, a, at)
		if !ok {
			continue
		}
		if name := path.Base(folder); path.Dir(folder) == "cmd" {
			c.program(d, line, name, args[i+1:])
			return
		}
		c.flags(d, line, folder, args[i+1:], ".go")
		return
	}
}

var (
	flagForm = regexp.MustCompile(`^--?([a-z][\w-]*)`)
	flagDef  = regexp.MustCompile(`\w*\.(?:Bool|Int|Int64|Uint|Uint64|String|Duration|Float64|Func|Text)(?:Var|Func)?\((?:[^,"]+, *)?"([a-z][\w-]*)"`)
)

// flags checks the flags against those that the source of a package defines.
func (c *checker) flags(d *document, line int, folder string, args []string, suffix string) {
	known := map[string]bool{"h": true, "help": true}
	for _, f := range c.tree.in(folder, suffix) {
		text, _ := c.tree.read(f)
		for _, m := range flagDef.FindAllStringSubmatch(text, -1) {
			known[m[1]] = true
		}
	}
	for _, a := range args {
		if m := flagForm.FindStringSubmatch(a); m != nil && !known[m[1]] {
			d.fault(line, "%s: no flag -%s is defined in %s", strings.Join(args, " "), m[1], folder)
		}
	}
}
