package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// command checks one command: those of ours wholly, of others the paths.
func (c *checker) command(d *document, k command, at place) {
	name := path.Base(k.words[0])
	args := k.words[1:]
	c.sum.commands++
	switch name {
	case "acsauth", "acsauth-dev":
		c.program(d, k.line, name, args)
	case "go":
		c.golang(d, k.line, args, at)
	case "bash", "sh", "source", "node", "python3", "python":
		c.interpreter(d, k.line, args, at)
	case "make":
		c.makeTargets(d, k.line, args, at)
	case "npm":
		c.npm(d, k.line, args, at)
	default:
		c.foreign(d, k, at)
	}
}

// program asks the program itself whether it knows these words.
func (c *checker) program(d *document, line int, name string, args []string) {
	var known []string
	for i, a := range args {
		switch dots := a == "..." || a == "…"; {
		case dots && i > 0 && strings.HasPrefix(args[i-1], "--"):
			known = append(known, "x")
		case !dots:
			known = append(known, a)
		}
	}
	if said := c.programs.refuse(name, known); said != "" {
		d.fault(line, "%s: %s", strings.Join(append([]string{name}, args...), " "), said)
	}
}

// exists says whether a path is there in one of the places.
func (c *checker) exists(at place, name string) bool {
	if len(at) == 0 || path.IsAbs(name) || placeholder(name) || strings.ContainsAny(name, "$~") {
		return true // not known
	}
	return slices.ContainsFunc(at, func(base string) bool { return c.tree.has(path.Join(base, name)) })
}

// interpreter checks that the script is there.
func (c *checker) interpreter(d *document, line int, args []string, at place) {
	for _, a := range args {
		if a == "-c" || a == "-e" || a == "-m" || a == "-" {
			return
		}
		if !strings.HasPrefix(a, "-") {
			if !c.exists(at, a) && !made(a) && path.Ext(a) != "" {
				d.fault(line, "there is no file %s to run", a)
			}
			return
		}
	}
}

func (c *checker) makeTargets(d *document, line int, args []string, at place) {
	var have string
	for _, base := range at {
		text, err := c.tree.read(path.Join(base, "Makefile"))
		if err == nil {
			have += text
		}
	}
	for _, a := range args {
		if strings.HasPrefix(a, "-") || strings.Contains(a, "=") {
			continue
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(a) + `\s*:`).MatchString(have) {
			d.fault(line, "make %s: the Makefile has no such target", a)
		}
	}
}

// foreign checks the arguments that begin like a path of the repository.
func (c *checker) foreign(d *document, k command, at place) {
	c.sum.commands--
	if strings.Contains(" for do done fi case esac export echo printf umask [ [[ } true false read set wait ", " "+k.words[0]+" ") {
		return
	}
	c.sum.foreign[path.Base(k.words[0])]++
	words := k.words
	if strings.Contains(" git mkdir touch cp mv rm tar ", " "+words[0]+" ") {
		return // these make and take away
	}
	for i, w := range words {
		if i > 0 && (words[i-1] == "-o" || words[i-1] == "--output" || words[i-1] == "--outfile") {
			continue
		}
		_, value, isFlag := strings.Cut(w, "=")
		if isFlag {
			w = value
		}
		w = strings.TrimPrefix(w, "@")
		top, _, deep := strings.Cut(strings.TrimPrefix(w, "./"), "/")
		script := i == 0 && strings.HasPrefix(w, "./")
		if (deep && c.tree.folders[top] || script) && pathForm.MatchString(w) && !c.exists(at, w) && !made(w) {
			d.fault(k.line, "%s is not in the repository; name what is there", w)
		}
	}
}
