package main

import (
	_ "embed"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strings"

	"github.com/acs-solutions/acsauth/internal/config"
)

// names are the names that there are, by what they name, and the words that only look like one.
type names struct {
	settings, metrics, codes map[string]bool
	firsts                   map[string]bool // first words of codes
	exceptions               map[string]exception
	used                     map[string]bool
}

// An exception is a word that looks like a name of ours and is none.
type exception struct {
	line   int
	reason string
}

//go:embed exceptions.txt
var exceptionList string

const exceptionFile = "internal/tools/doccheck/exceptions.txt"

func (c *checker) readNames() (*names, error) {
	n := &names{settings: settingNames(), firsts: map[string]bool{}, used: map[string]bool{}}
	var err error
	if n.exceptions, err = readExceptions(exceptionList); err != nil {
		return nil, err
	}
	errors, err := c.tree.read("docs/errors.md")
	if err != nil {
		return nil, err
	}
	n.codes = captures(`(?m)^## ([a-z_]+)$`, errors)
	if text, err := c.tree.read("docs/metrics.md"); err == nil { // events look like codes
		_, table, _ := strings.Cut(text, "| event | what happened |")
		maps.Copy(n.codes, captures("(?m)^\\| `([a-z_]+)` \\|", table))
	}
	for code := range n.codes {
		first, _, _ := strings.Cut(code, "_")
		n.firsts[first] = true
	}
	if n.metrics, err = c.metricNames(); err != nil {
		return nil, err
	}
	if len(n.codes) == 0 || len(n.metrics) == 0 {
		return nil, fmt.Errorf("%d codes in docs/errors.md, %d metrics: there must be some", len(n.codes), len(n.metrics))
	}
	return n, nil
}

// settingNames are the names that the environment may have, from the settings themselves.
func settingNames() map[string]bool {
	list := map[string]bool{}
	for f := range reflect.TypeFor[config.Config]().Fields() {
		name := f.Tag.Get("env")
		list[name] = name != ""
		if f.Tag.Get("secret") == "true" {
			list[name+"_FILE"] = true
		}
	}
	return list
}

// metricNames are those that docs/metrics.md describes, or without it those that the source makes, and those of the prober.
func (c *checker) metricNames() (map[string]bool, error) {
	const row = "(?m)^(?:\\||#+) *`?(acsauth_[a-z0-9_]+)"
	list, err := c.sourceMetrics()
	histograms := maps.Clone(list) // the source does not say it so plainly
	if text, rerr := c.tree.read("docs/metrics.md"); rerr == nil {
		list, histograms, err = captures(row, text), captures("(?m)^\\| `(acsauth_[a-z0-9_]+)` \\| histogram \\|", text), nil
	}
	for name := range histograms {
		list[name+"_bucket"], list[name+"_sum"], list[name+"_count"] = true, true, true
	}
	if text, rerr := c.tree.read("docs/probe.md"); rerr == nil && err == nil {
		maps.Copy(list, captures(row, text))
	}
	return list, err
}

func (c *checker) sourceMetrics() (map[string]bool, error) {
	list := map[string]bool{}
	for _, f := range c.tree.in("internal/telemetry", ".go") {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := c.tree.read(f)
		if err != nil {
			return nil, err
		}
		part := ""
		for p := range captures(`BuildFQName\(namespace, "([a-z]+)"`, text) {
			part = p + "_"
		}
		for name := range captures(`(?:counter|histogram|desc|gauge|name)\("([a-z0-9_]+)"|Name: "([a-z0-9_]+)"`, text) {
			list["acsauth_"+part+name] = true
		}
	}
	return list, nil
}

// captures is the set of what the groups of a form match in a text.
func captures(form, text string) map[string]bool {
	list := map[string]bool{}
	for _, m := range regexp.MustCompile(form).FindAllStringSubmatch(text, -1) {
		list[strings.Join(m[1:], "")] = true
	}
	return list
}

func readExceptions(text string) (map[string]exception, error) {
	list := map[string]exception{}
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		if reason = strings.TrimSpace(reason); reason == "" {
			return nil, fmt.Errorf("%s:%d: %s has no reason", exceptionFile, i+1, word)
		}
		list[word] = exception{i + 1, reason}
	}
	return list, nil
}

// unused are the exceptions that no text needs.
func (n *names) unused() (list []fault) {
	for word, e := range n.exceptions {
		if !n.used[word] {
			list = append(list, fault{exceptionFile, e.line, word + " is nowhere; take the line away"})
		}
	}
	return list
}

func (n *names) excepted(word string) bool {
	if _, ok := n.exceptions[word]; ok {
		n.used[word] = true
		return true
	}
	return false
}
