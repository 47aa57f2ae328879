package main

import (
	"encoding/json"
	"net/url"
	"strings"
)

// A bom is a software bill of materials in the form of CycloneDX 1.6 (ECMA-424).
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	PURL     string    `json:"purl,omitempty"`
	Licences []licence `json:"licenses,omitempty"`
}

type licence struct {
	License licenceName `json:"license"`
}

type licenceName struct {
	Name string `json:"name"`
}

// sbom writes the modules as a bill of materials. It has no time and no random
// number, so that the same modules give the same bytes.
func sbom(modules []module) (string, error) {
	b := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{component{Type: "application", Name: command}}}
	for _, m := range modules {
		c := component{Type: "library", Name: m.Path, Version: m.Version, PURL: purl(m)}
		for _, l := range m.Licences {
			c.Licences = append(c.Licences, licence{licenceName{l}})
		}
		b.Components = append(b.Components, c)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	return string(text) + "\n", err
}

// purl is the package URL of a module: https://github.com/package-url/purl-spec, type golang.
func purl(m module) string {
	parts := strings.Split(strings.ToLower(m.Path), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "pkg:golang/" + strings.Join(parts, "/") + "@" + strings.ReplaceAll(url.PathEscape(m.Version), "+", "%2B")
}
