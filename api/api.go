// Package api holds the description of the HTTP API, and a page made from it.
package api

import _ "embed"

//go:generate sh -c "go run ../internal/tools/apidocs openapi.yaml ../docs/errors.md > reference.html"

//go:embed openapi.yaml
var document string

//go:embed reference.html
var reference string

//go:embed reference.css
var style string

// OpenAPI returns the OpenAPI 3.1 document, as YAML.
func OpenAPI() []byte { return []byte(document) }

// Reference returns the documentation page, HTML without a script. Its style is expected at /docs/style.css.
func Reference() []byte { return []byte(reference) }

// ReferenceStyle returns the style of the documentation page, CSS.
func ReferenceStyle() []byte { return []byte(style) }
