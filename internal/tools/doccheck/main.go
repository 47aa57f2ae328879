// Command doccheck holds the documents of the repository to what is there: links, anchors, pictures, commands, names.
//
//	go run ./internal/tools/doccheck
//
// Run it in the root of the repository. It reads what git tracks, builds both programs to ask them about their command lines, and
// fetches nothing: a link to another site is looked at for its form only. Each fault is one line, FILE:LINE: what to change.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(".", os.Stdout, os.Stderr))
}

func run(root string, stdout, stderr io.Writer) int {
	faults, sum, err := checkRepository(root)
	if err != nil {
		fmt.Fprintln(stderr, "doccheck:", err)
		return 2
	}
	for _, f := range faults {
		fmt.Fprintln(stdout, f)
	}
	fmt.Fprintln(stdout, sum)
	if len(faults) > 0 {
		fmt.Fprintf(stdout, "%d faults\n", len(faults))
		return 1
	}
	return 0
}

func checkRepository(root string) ([]fault, summary, error) {
	t, err := openTree(root)
	if err != nil {
		return nil, summary{}, err
	}
	p, err := buildPrograms(root)
	if err != nil {
		return nil, summary{}, err
	}
	defer p.remove()
	return check(t, p)
}
