package service

import (
	"fmt"

	"github.com/acs-solutions/acsauth/api"
	"github.com/acs-solutions/acsauth/internal/playground"
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
	if o.Config.PlaygroundClientID == "" {
		return list, nil
	}
	files, err := playground.Files(playgroundOptions(o))
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_PLAYGROUND_CLIENT_ID: %w", err)
	}
	for _, f := range files {
		list = append(list, server.Page(f))
	}
	return list, nil
}

// playgroundOptions let the page sign in users of the issuer that the settings describe.
func playgroundOptions(o Options) playground.Options {
	c := o.Config
	return playground.Options{
		ClientID: c.PlaygroundClientID, Authorities: c.MainAuthorities(), Scope: c.ScopeURI(),
		TeamsScopes: []string{"https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"},
		Users:       o.SampleUsers, Inspect: o.Inspect,
	}
}
