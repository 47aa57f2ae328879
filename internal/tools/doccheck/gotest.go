package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// packageTests is what the test files of a folder define.
type packageTests struct {
	names []string
	flags map[string]bool
}

var testDef = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

func (c *checker) testsOf(folder string) *packageTests {
	if p := c.tests[folder]; p != nil {
		return p
	}
	p := &packageTests{flags: map[string]bool{}}
	for _, f := range c.tree.in(folder, "_test.go") {
		text, _ := c.tree.read(f)
		for _, m := range testDef.FindAllStringSubmatch(text, -1) {
			p.names = append(p.names, m[1])
		}
		for _, m := range flagDef.FindAllStringSubmatch(text, -1) {
			p.flags[m[1]] = true
		}
	}
	c.tests[folder] = p
	return p
}

// Flags of go test, with a value or without.
const (
	testSwitches = " v race short json cover failfast benchmem c a n x work trimpath "
	testValues   = " run bench count timeout tags fuzz fuzztime parallel cpu skip modfile mod coverprofile cpuprofile memprofile benchtime vet o ldflags exec p "
)

// goTest checks that the packages are there, and that each name after -run is that of a test in one of them.
func (c *checker) goTest(d *document, line int, args []string, at place) {
	var folders []string
	patterns, own := map[string]string{}, []string{}
	for i := 0; i < len(args); i++ {
		m := flagForm.FindStringSubmatch(args[i])
		if m == nil {
			if f, ok := c.goPackage(d, line, args[i], at); ok {
				folders = append(folders, c.packagesOf(f, args[i])...)
			}
			continue
		}
		_, value, joined := strings.Cut(args[i], "=")
		switch {
		case strings.Contains(testValues, " "+m[1]+" "):
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			patterns[m[1]] = value
		case !strings.Contains(testSwitches, " "+m[1]+" "):
			own = append(own, m[1])
		}
	}
	if len(folders) == 0 {
		return
	}
	c.patterns(d, line, folders, patterns)
	for _, name := range own {
		if !slices.ContainsFunc(folders, func(f string) bool { return c.testsOf(f).flags[name] }) {
			d.fault(line, "go test: neither the tool nor the tests know a flag -%s", name)
		}
	}
}

// packagesOf lists the folders that a pattern with ... stands for.
func (c *checker) packagesOf(folder, word string) (list []string) {
	if !strings.HasSuffix(word, "...") {
		return []string{folder}
	}
	for _, f := range c.tree.under(folder, "_test.go") {
		if dir := path.Dir(f); !slices.Contains(list, dir) {
			list = append(list, dir)
		}
	}
	return list
}

func (c *checker) patterns(d *document, line int, folders []string, patterns map[string]string) {
	for _, flag := range []string{"run", "bench", "fuzz"} {
		top, _, _ := strings.Cut(patterns[flag], "/")
		if top == "" || top == "." || top == "^$" || placeholder(top) && !strings.Contains(top, "$") {
			continue
		}
		for _, one := range strings.Split(top, "|") {
			re, err := regexp.Compile(one)
			if err != nil {
				d.fault(line, "-%s %s: %v", flag, one, err)
				continue
			}
			if !slices.ContainsFunc(folders, func(f string) bool { return slices.ContainsFunc(c.testsOf(f).names, re.MatchString) }) {
				d.fault(line, "-%s %s: no test in %s has such a name", flag, one, strings.Join(folders, " "))
			}
		}
	}
}
