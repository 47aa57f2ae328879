// Command deps writes docs/dependencies.md: every module that the production
// binary links, with its licence, as the module cache has it.
//
//	go run ./internal/tools/deps > docs/dependencies.md
//	go run ./internal/tools/deps -sbom > acsauth.cdx.json
//
// The second form writes a bill of materials (CycloneDX) instead. Run it in the root of the repository. It fails if a module has no known
// licence, one that is not allowed, or, being imported by this module itself, no reason in reasons.txt.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	asBOM := flag.Bool("sbom", false, "write a bill of materials (CycloneDX JSON)")
	flag.Parse()
	write := document
	if *asBOM {
		write = sbom
	}
	modules, err := linked(".")
	if err == nil {
		var text string
		if text, err = write(modules); err == nil {
			_, err = os.Stdout.WriteString(text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
