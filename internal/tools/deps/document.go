package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// reasonsText has one direct module on a line: path, a tab, why it is there.
//
//go:embed reasons.txt
var reasonsText string

// reasons reads the lines of reasons.txt.
func reasons() (map[string]string, error) {
	all := map[string]string{}
	for line := range strings.Lines(reasonsText) {
		path, why, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || all[path] != "" || strings.TrimSpace(why) == "" {
			return nil, fmt.Errorf("reasons.txt: %q is not a new path, a tab and a reason", line)
		}
		all[path] = strings.TrimSpace(why)
	}
	return all, nil
}

// faults names all that is wrong with a list of modules.
func faults(modules []module, why map[string]string) error {
	var all []error
	direct := map[string]bool{}
	for _, m := range modules {
		direct[m.Path] = m.Direct
		for _, l := range m.Licences {
			if !permitted[l] {
				all = append(all, fmt.Errorf("%s %s: its licence is %s, which is not permitted", m.Path, m.Version, l))
			}
		}
		if m.Replaced {
			all = append(all, fmt.Errorf("%s: go.mod replaces it", m.Path))
		}
		if m.Direct && why[m.Path] == "" {
			all = append(all, fmt.Errorf("%s: write into reasons.txt why it is there", m.Path))
		}
	}
	for path := range why {
		if !direct[path] {
			all = append(all, fmt.Errorf("%s: it is in reasons.txt, and our code in the binary does not import it", path))
		}
	}
	return errors.Join(all...)
}

const heading = `# What the binary links

Every module besides the Go standard library that is in ` + "`acsauth`" + ` for Linux, as ` + "`go version -m acsauth`" + ` shows it, with the licence that the
files of the module hold. This list is written by a program, and a test fails when it differs from what is linked, when a
licence is unknown or not one of %s, or when a direct module comes without a reason:

    go run ./internal/tools/deps > docs/dependencies.md

The same as a bill of materials (CycloneDX 1.6): ` + "`go run ./internal/tools/deps -sbom > acsauth.cdx.json`" + `.

The licence is found by phrases of its text; it is a guard against surprises and no legal advice. ` + "`scripts/vulncheck.sh`" + ` looks for known
vulnerabilities in these modules and in Go itself, with the toolchain that go.mod names. It reads the newest version of the module
golang.org/x/vulndb; with ` + "`GOVULNDB=file:///PATH`" + ` it reads a copy in place of that. If it cannot be fetched the script says so and does not fail, so read
what it prints.

%d modules, %d of them imported by our own code.

`

// document writes docs/dependencies.md.
func document(modules []module) (string, error) {
	why, err := reasons()
	if err != nil {
		return "", err
	}
	if err := faults(modules, why); err != nil {
		return "", err
	}
	var direct, others strings.Builder
	n := 0
	for _, m := range modules {
		licence := strings.Join(m.Licences, ", ")
		if m.Direct {
			n++
			fmt.Fprintf(&direct, "| %s | %s | %s | %s |\n", m.Path, m.Version, licence, why[m.Path])
		} else {
			fmt.Fprintf(&others, "| %s | %s | %s | %s |\n", m.Path, m.Version, licence, strings.Join(m.By, ", "))
		}
	}
	text := fmt.Sprintf(heading, "Apache-2.0, BSD-2-Clause, BSD-3-Clause, ISC, MIT, Unlicense and the public domain (SQLite)", len(modules), n)
	return text + "## Imported by our code\n\n| module | version | licence | why it is there |\n|---|---|---|---|\n" + direct.String() +
		"\n## Needed by those\n\n| module | version | licence | imported by |\n|---|---|---|---|\n" + others.String(), nil
}
