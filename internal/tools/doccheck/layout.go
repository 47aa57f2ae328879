package main

import (
	"regexp"
	"slices"
	"strings"
)

// untitled are documents that a form shows under a title of its own.
func untitled() []string { return []string{".github/pull_request_template.md"} }

// inParts are documents with a heading of level 1 for each part, since programs read their sections of level 2.
func inParts() []string { return []string{"docs/errors.md"} }

var (
	machinePath   = regexp.MustCompile(`(?:^|[^\w./-])(/(?:home/[a-z_][\w-]*|root|Users/\w+)\b[\w./-]*)`)
	containerHome = regexp.MustCompile(`^/home/nonroot\b`) // of the images
	titleForm     = regexp.MustCompile(`^# +\S`)
	codeIndent    = regexp.MustCompile(`^( {4}|\t)`)
)

// layout holds a document to one title, and to text that looks the same everywhere.
func (d *document) layout() {
	lines := strings.Split(strings.TrimSuffix(d.text, "\n"), "\n")
	if !strings.HasSuffix(d.text, "\n") || strings.HasSuffix(d.text, "\n\n") {
		d.fault(len(lines), "end the document with one line break")
	}
	for i, line := range lines {
		if strings.TrimRight(line, " \t\r") != line {
			d.fault(i+1, "take away the blanks at the end of the line")
		}
		for _, m := range machinePath.FindAllStringSubmatch(line, -1) {
			if !containerHome.MatchString(m[1]) {
				d.fault(i+1, "%s is a path of somebody's machine; write one of the repository, or a made-up one such as /srv/app", m[1])
			}
		}
	}
	titles := 0
	for i, line := range strings.Split(d.prose, "\n") {
		if strings.Contains(line, "\t") && !codeIndent.MatchString(line) {
			d.fault(i+1, "there is a tab outside code; write blanks")
		}
		if titleForm.MatchString(line) {
			if titles++; titles == 2 && !slices.Contains(inParts(), d.path) {
				d.fault(i+1, "this is a second heading of level 1; make it ##")
			}
		}
	}
	if titles == 0 && !slices.Contains(untitled(), d.path) {
		d.fault(1, "there is no heading of level 1; begin with # and a title")
	}
}
