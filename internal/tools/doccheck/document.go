package main

import (
	"regexp"
	"strings"
)

// A document is one Markdown file, taken apart.
type document struct {
	path     string
	text     string // all of it
	prose    string // the same with fenced blocks, comments and code spans blanked, so that places agree
	blocks   []fence
	indented []fence // code without a fence that begins with a program of ours
	spans    []span
	anchors  map[string]bool
	faults   []fault
}

// A fence is a fenced block.
type fence struct {
	line     int // of its first line of code
	language string
	lines    []string
}

// A span is code within a line.
type span struct {
	line int
	text string
}

var (
	fenceForm   = regexp.MustCompile("^( *)(```+|~~~+) *([^`]*)$")
	headingForm = regexp.MustCompile(`^#{1,6} +(.*?)( +#+)? *$`)
	underForm   = regexp.MustCompile(`^=+ *$`)
	idForm      = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	commentForm = regexp.MustCompile(`(?s)<!--.*?-->`)
	notNewline  = regexp.MustCompile(`[^\n]`)
)

func parseDocument(path, text string) *document {
	d := &document{path: path, text: text, anchors: map[string]bool{}}
	lines := d.readBlocks(strings.Split(text, "\n"))
	d.readIndented(lines)
	d.readHeadings(lines)
	d.prose = commentForm.ReplaceAllStringFunc(strings.Join(lines, "\n"), blank)
	for _, m := range idForm.FindAllStringSubmatch(d.prose, -1) {
		d.anchors[m[1]] = true
	}
	d.prose, d.spans = blankSpans(d.prose)
	return d
}

func blank(s string) string { return notNewline.ReplaceAllString(s, " ") }

// readBlocks collects the fenced blocks, and returns the lines with these blanked.
func (d *document) readBlocks(lines []string) []string {
	out := make([]string, len(lines))
	open, opened := "", 0
	for i, line := range lines {
		m := fenceForm.FindStringSubmatch(line)
		switch {
		case open == "" && m == nil:
			out[i] = line
			continue
		case open == "":
			open, opened = m[2], i+1
			language, _, _ := strings.Cut(strings.TrimSpace(m[3]), " ")
			d.blocks = append(d.blocks, fence{line: i + 2, language: language})
		case m != nil && m[3] == "" && strings.HasPrefix(m[2], open):
			open = ""
		default:
			b := &d.blocks[len(d.blocks)-1]
			b.lines = append(b.lines, line)
		}
		out[i] = blank(line)
	}
	if open != "" {
		d.fault(opened, "this fenced block has no end; close it with %s", open)
	}
	return out
}

var (
	indentForm  = regexp.MustCompile(`^ {4}\S`)
	commandForm = regexp.MustCompile(`^ {4}(?:\w+=\$\()?(?:acsauth|acsauth-dev|go|bash|make|npm|node|(?:\./)?scripts/\S+) `)
)

// readIndented collects code that is set off by four spaces, if it begins with a command that can be checked.
func (d *document) readIndented(lines []string) {
	for i := 1; i < len(lines); i++ {
		if strings.TrimSpace(lines[i-1]) != "" || !commandForm.MatchString(lines[i]) {
			continue
		}
		b := fence{line: i + 1}
		for ; i < len(lines) && indentForm.MatchString(lines[i]); i++ {
			b.lines = append(b.lines, strings.TrimPrefix(lines[i], "    "))
		}
		d.indented = append(d.indented, b)
	}
}

func (d *document) readHeadings(lines []string) {
	seen := map[string]int{}
	for i, line := range lines {
		if m := headingForm.FindStringSubmatch(line); m != nil {
			d.anchors[slug(m[1], seen)] = true
		}
		if i > 0 && underForm.MatchString(line) && strings.TrimSpace(lines[i-1]) != "" {
			d.fault(i+1, "write the heading above as # %s", lines[i-1])
		}
	}
}

func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }
