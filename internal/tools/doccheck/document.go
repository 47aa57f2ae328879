package main

import (
	"regexp"
	"strings"
)

// A document is one Markdown file, taken apart.
type document struct {
	path    string
	text    string // all of it
	prose   string // the same with fenced blocks, comments and code spans blanked, so that places agree
	blocks  []fence
	spans   []span
	anchors map[string]bool
	faults  []fault
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

// blankSpans blanks code spans, which end with as many backticks as they begin, in the same paragraph.
func blankSpans(text string) (string, []span) {
	var spans []span
	b := []byte(text)
	for i := 0; i < len(b); i++ {
		if b[i] != '`' {
			continue
		}
		ticks := run0(text[i:])
		end := spanEnd(text[i+ticks:], ticks)
		if end < 0 {
			i += ticks - 1
			continue
		}
		inside := text[i+ticks : i+ticks+end]
		inside = strings.ReplaceAll(inside, `\|`, "|") // as a cell of a table has it
		spans = append(spans, span{lineAt(text, i), strings.Join(strings.Fields(inside), " ")})
		copy(b[i+ticks:], blank(inside))
		i += ticks + end + ticks - 1
	}
	return string(b), spans
}

func run0(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

// spanEnd is the place of the backticks that end a span, or -1.
func spanEnd(s string, ticks int) int {
	if i := strings.Index(s, "\n\n"); i >= 0 {
		s = s[:i]
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		n := run0(s[i:])
		if n == ticks {
			return i
		}
		i += n - 1
	}
	return -1
}

func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }
