// Package api holds the description of the HTTP API.
package api

import _ "embed"

//go:embed openapi.yaml
var document string

// OpenAPI returns the OpenAPI 3.1 document, as YAML.
func OpenAPI() []byte { return []byte(document) }
