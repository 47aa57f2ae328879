package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A block is fenced code of a document.
type block struct {
	heading, language, code string
	want                    []string // what it prints: lines after #> or //>, in which ... stands for anything
}

var printedLine = regexp.MustCompile(`^\s*(?:#|//)> (.*)$`)

// blocksOf reads the fenced code of a document, in its order.
func blocksOf(t *testing.T, file string) (list []block) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	heading, open := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		last := len(list) - 1
		switch language, fence := strings.CutPrefix(line, "```"); {
		case fence && open:
			open = false
		case fence:
			open = true
			list = append(list, block{heading: heading, language: language})
		case open:
			list[last].code += line + "\n"
			if m := printedLine.FindStringSubmatch(line); m != nil {
				list[last].want = append(list[last].want, m[1])
			}
		case strings.HasPrefix(line, "## "):
			heading = line[len("## "):]
		}
	}
	if open || len(list) == 0 {
		t.Fatalf("%s: %d blocks, one left open: %v", file, len(list), open)
	}
	return list
}

// checkPrinted compares what a block printed with what the document shows.
func (b block) checkPrinted(t *testing.T, out string) {
	t.Helper()
	got := strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
	if len(got) != len(b.want) || len(got) == 0 {
		t.Fatalf("%d lines, the page shows %d:\n%s", len(got), len(b.want), out)
	}
	for i, w := range b.want {
		form := strings.ReplaceAll(regexp.QuoteMeta(w), `\.\.\.`, ".+")
		if !regexp.MustCompile("^" + form + "$").MatchString(got[i]) {
			t.Errorf("line %d is %s, the page shows %s", i+1, got[i], w)
		}
	}
}

// tableRows are the rows of the tables under a heading, without their heads.
func tableRows(t *testing.T, file, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", file, heading)
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	head := true
	for line := range strings.Lines(section) {
		cells, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		switch {
		case strings.HasPrefix(line, "|--"):
			head = false
		case isRow && !head:
			rows = append(rows, strings.Split(strings.TrimSuffix(cells, " |"), " | "))
		case !isRow:
			head = true
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table under %q", file, heading)
	}
	return rows
}
