// Command apidocs writes api/reference.html, the documentation page that the service shows at /docs, from api/openapi.yaml.
//
//	go run ./internal/tools/apidocs api/openapi.yaml docs/errors.md > api/reference.html
//
// The page has no script: it is made once, and whoever reads it needs nothing but a browser.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: apidocs openapi.yaml errors.md > reference.html")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(document, errors string, w io.Writer) error {
	p, err := load(document, errors)
	if err != nil {
		return err
	}
	return write(w, p)
}
