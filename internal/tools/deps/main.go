// Command deps writes docs/dependencies.md: every module that the production
// binary links, with its licence, as the module cache has it.
//
//	go run ./internal/tools/deps > docs/dependencies.md
//
// Run it in the root of the repository. It fails if a module has no known
// licence, one that is not allowed, or, being imported by this module itself, no reason in reasons.txt.
package main

import (
	"fmt"
	"os"
)

func main() {
	modules, err := linked(".")
	if err == nil {
		var text string
		if text, err = document(modules); err == nil {
			_, err = os.Stdout.WriteString(text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
