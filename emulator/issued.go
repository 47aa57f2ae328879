package emulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// IssuedToken is what is known of a token that Entra ID or ACS issued. The token itself is not kept.
type IssuedToken struct {
	Time     time.Time `json:"time"`
	Service  string    `json:"service"`            // entra or acs
	Kind     string    `json:"kind"`               // access or id; of ACS the operation that issued it
	Grant    string    `json:"grant"`              // grant type, or minted; of ACS the credential: primary, secondary or entra
	Client   string    `json:"client,omitempty"`   // of Entra ID
	Subject  string    `json:"subject,omitempty"`  // object id of the user; of ACS the identity
	Tenant   string    `json:"tenant,omitempty"`   // of Entra ID
	Audience string    `json:"audience,omitempty"` // of ACS the resource
	Scopes   []string  `json:"scopes,omitempty"`
	Roles    []string  `json:"roles,omitempty"`
	Expires  time.Time `json:"expires"`
	SHA256   string    `json:"sha256"` // of the whole token, in hex
}

// Issued returns the last 1000 tokens of Entra ID and then those of ACS, each oldest first.
func (e *Emulator) Issued() []IssuedToken {
	list := []IssuedToken{}
	for _, t := range e.entra.Issued() {
		list = append(list, IssuedToken{
			Time: t.Time.UTC(), Service: serviceEntra, Kind: t.Kind, Grant: t.Grant, Client: t.Client, Subject: t.User, Tenant: t.Tenant,
			Audience: t.Audience, Scopes: t.Scopes, Roles: t.Roles, Expires: t.Expires, SHA256: t.SHA256,
		})
	}
	for _, t := range e.acs.Issued() {
		list = append(list, IssuedToken{
			Time: t.Time.UTC(), Service: serviceACS, Kind: t.Op, Grant: t.Key, Subject: t.Identity, Audience: t.Resource,
			Scopes: t.Scopes, Expires: t.Expires, SHA256: t.SHA256,
		})
	}
	return list
}

// Mapping is an open extension of a user in Graph, where programs keep which identity belongs to whom.
type Mapping struct {
	User string          `json:"user"` // object id
	App  string          `json:"app"`  // client id of the application that made it
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"`
}

// maxMappings bounds what Mappings returns.
const maxMappings = 10_000

// Mappings returns the open extensions of all users, at most 10,000.
func (e *Emulator) Mappings() []Mapping {
	list := []Mapping{}
	for _, m := range e.graph.Extensions(maxMappings) {
		list = append(list, Mapping(m))
	}
	return list
}

func (e *Emulator) adminTokens(*http.Request) (any, error) { return e.Issued(), nil }

func (e *Emulator) adminMappings(*http.Request) (any, error) { return e.Mappings(), nil }

func (e *Emulator) adminApps(*http.Request) (any, error) { return e.Apps(), nil }
