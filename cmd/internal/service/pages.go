package service

import (
	"github.com/acs-solutions/acsauth/api"
	"github.com/acs-solutions/acsauth/internal/server"
)

// docsPolicy lets the documentation page have its style, and nothing run.
const docsPolicy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages are what the service shows to people.
func pages(o Options) ([]server.Page, error) {
	list := []server.Page{
		{Path: "/docs", Type: "text/html; charset=utf-8", Policy: docsPolicy, Body: api.Reference()},
		{Path: "/docs/style.css", Type: "text/css; charset=utf-8", Body: api.ReferenceStyle()},
	}
	return list, nil
}
