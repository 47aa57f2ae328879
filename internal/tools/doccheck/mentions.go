package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

var (
	settingForm = regexp.MustCompile(`\bACSAUTH_[A-Z0-9_]*`)
	metricForm  = regexp.MustCompile(`\bacsauth_[a-z0-9_]*`)
	codeForm    = regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)+$`)
	memberForm  = regexp.MustCompile(`"code": ?"([a-z]+(?:_[a-z]+)+)"`)
)

// documentNames checks the settings, metrics and codes that a document names.
func (c *checker) documentNames(n *names, d *document) {
	d.faults = append(d.faults, c.mentions(n, d.path, d.text, 1)...)
	for _, s := range d.spans {
		if problem := n.code(s.text); problem != "" {
			d.fault(s.line, "%s", problem)
		}
	}
	for _, m := range memberForm.FindAllStringSubmatchIndex(d.text, -1) {
		if code := d.text[m[2]:m[3]]; !n.codes[code] && !n.excepted(code) {
			d.fault(lineAt(d.text, m[0]), "%s is no code of docs/errors.md", code)
		}
	}
}

// otherFiles checks the names in the comments of the source, and in all of deploy and examples.
func (c *checker) otherFiles(n *names) (list []fault, err error) {
	for _, f := range c.tree.files {
		isGo, other := strings.HasSuffix(f, ".go"), strings.HasPrefix(f, "deploy/") || strings.HasPrefix(f, "examples/")
		if !isGo && !other || strings.HasSuffix(f, ".md") || inTestdata(f) {
			continue
		}
		text, err := c.tree.read(f)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(text, "ACSAUTH_") && !strings.Contains(text, "acsauth_") {
			continue
		}
		if isGo {
			text = comments(text)
		}
		list = append(list, c.mentions(n, f, text, 1)...)
	}
	return list, nil
}

// comments is a Go source with all but its comments blanked.
func comments(text string) string {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(text))
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	out := []byte(blank(text))
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return string(out)
		}
		if tok == token.COMMENT {
			copy(out[file.Offset(pos):], lit)
		}
	}
}

// mentions checks every setting and every metric that a text names.
func (c *checker) mentions(n *names, file, text string, first int) (list []fault) {
	look := func(form *regexp.Regexp, known func(string) string) {
		for _, m := range form.FindAllStringIndex(text, -1) {
			c.sum.names++
			word := text[m[0]:m[1]]
			if problem := known(word); problem != "" && !n.excepted(word) {
				list = append(list, fault{file, first - 1 + lineAt(text, m[0]), problem})
			}
		}
	}
	look(settingForm, n.setting)
	look(metricForm, n.metric)
	return list
}

// setting says what is wrong with the name of a setting; one that ends with _ stands for all that begin so.
func (n *names) setting(word string) string {
	if n.settings[word] || beginsOne(n.settings, word) {
		return ""
	}
	return unknown(word, "setting of internal/config", n.settings)
}

func (n *names) metric(word string) string {
	if n.metrics[word] || beginsOne(n.metrics, word) {
		return ""
	}
	return unknown(word, "metric of docs/metrics.md or internal/telemetry", n.metrics)
}

// code says what is wrong with a word in backticks that has the form of a code: it begins as codes do, or is nearly one.
func (n *names) code(word string) string {
	first, _, _ := strings.Cut(word, "_")
	near := nearest(word, n.codes, 3)
	if !codeForm.MatchString(word) || strings.HasPrefix(word, "acsauth_") || n.codes[word] || !n.firsts[first] && near == "" || n.excepted(word) {
		return ""
	}
	return unknown(word, "code of docs/errors.md", n.codes)
}

func beginsOne(list map[string]bool, word string) bool {
	if !strings.HasSuffix(word, "_") {
		return false
	}
	for name := range list {
		if strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}

func unknown(word, what string, list map[string]bool) string {
	more := ""
	if near := nearest(word, list, 1+len(word)/3); near != "" {
		more = "; did you mean " + near + "?"
	}
	return fmt.Sprintf("%s is no %s%s (or add it to %s with a reason)", word, what, more, exceptionFile)
}
