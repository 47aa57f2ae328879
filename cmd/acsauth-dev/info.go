package main

import (
	"encoding/json"
	"io"

	"github.com/acs-solutions/acsauth/emulator"
)

// info is what acsauth-dev --json prints, on one line, once everything is ready.
type info struct {
	Server           string            `json:"server,omitempty"`
	Metrics          string            `json:"metrics,omitempty"`
	Authority        string            `json:"authority"`
	Graph            string            `json:"graph"`
	ACS              string            `json:"acs"`
	Admin            string            `json:"admin"`
	ConnectionString string            `json:"connectionString"`
	TenantID         string            `json:"tenantId"`
	ClientID         string            `json:"clientId"` // the public client that signs users in
	APIClientID      string            `json:"apiClientId"`
	Scope            string            `json:"scope"` // what the client asks for
	Users            []user            `json:"users"`
	TLS              *tlsInfo          `json:"tls,omitempty"`
	Data             string            `json:"data"`
	Env              map[string]string `json:"env"` // settings of acsauth-dev serve against this emulator
}

type user struct {
	Name     string `json:"name"`
	UPN      string `json:"upn"`
	OID      string `json:"oid"`
	TenantID string `json:"tenantId"`
	Guest    bool   `json:"guest,omitempty"`
	Teams    bool   `json:"teamsLicense,omitempty"`
}

// tlsInfo says where the emulator speaks TLS, and which certificate to trust for it.
type tlsInfo struct {
	URL              string `json:"url"`
	CA               string `json:"ca"` // path of a PEM file
	ConnectionString string `json:"connectionString"`
}

// describe gathers what a client of the emulator needs to know. The authority's certificate goes into the file ca, if it is not "".
func describe(e *emulator.Emulator, data folder, ca string) (info, error) {
	in := info{
		Authority: e.Authority(), Graph: e.GraphURL(), ACS: e.ACSURL(), Admin: e.AdminURL(),
		ConnectionString: e.ConnectionString(), TenantID: emulator.TenantID, ClientID: emulator.SPAClientID,
		APIClientID: emulator.APIClientID, Scope: emulator.AppIDURI + "/" + emulator.Scope,
		Data: data.path, Env: settingsFor(e),
	}
	for _, u := range e.Users() {
		in.Users = append(in.Users, user{u.Name, u.UPN, u.ObjectID, u.TenantID, u.Guest, u.TeamsLicense})
	}
	if e.TLSURL() == "" {
		return in, nil
	}
	ca, err := data.writeCA(e, ca)
	in.TLS = &tlsInfo{URL: e.TLSURL(), CA: ca, ConnectionString: e.TLSConnectionString()}
	return in, err
}

// graphKey signs mappings in the emulated Graph. It keeps nobody out: everything here is public.
const graphKey = "YWNzYXV0aC1kZXY6IGEga2V5IHRoYXQgZXZlcnlib2R5IGtub3dz"

// settingsFor are the settings of a service that talks to this emulator.
func settingsFor(e *emulator.Emulator) map[string]string {
	return map[string]string{
		"ACSAUTH_LISTEN":                anyPort,
		"ACSAUTH_METRICS_LISTEN":        anyPort,
		"ACSAUTH_AUTHORITY_HOST":        e.URL(),
		"ACSAUTH_TENANT_IDS":            emulator.TenantID,
		"ACSAUTH_CLIENT_ID":             emulator.APIClientID,
		"ACSAUTH_ALLOWED_CLIENTS":       emulator.SPAClientID + "," + emulator.DaemonClientID,
		"ACSAUTH_TEAMS_CLIENTS":         emulator.TeamsClientID,
		"ACSAUTH_ADMIN_CLIENTS":         emulator.DaemonClientID,
		"ACSAUTH_PLAYGROUND_CLIENT_ID":  emulator.SPAClientID,
		"ACSAUTH_ACS_CONNECTION_STRING": e.ConnectionString(),
		"ACSAUTH_ACS_RESOURCE":          emulator.ResourceID,
		"ACSAUTH_GRAPH_URL":             e.URL(),
		"ACSAUTH_GRAPH_MAC_KEYS":        graphKey,
		"ACSAUTH_CLIENT_SECRET":         emulator.APIClientSecret,
	}
}

// printLine writes v as one line of JSON.
func printLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
