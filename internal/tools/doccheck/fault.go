package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A fault is what is wrong in one line, and what to change.
type fault struct {
	file string
	line int
	text string
}

func (f fault) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

func (d *document) fault(line int, format string, args ...any) {
	d.faults = append(d.faults, fault{d.path, line, fmt.Sprintf(format, args...)})
}

// inOrder sorts faults by place, and says each once.
func inOrder(list []fault) []fault {
	slices.SortFunc(list, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	return slices.Compact(list)
}
