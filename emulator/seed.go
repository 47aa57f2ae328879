package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/acs-solutions/acsauth/emulator/internal/entra"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// maxSeedIdentities bounds the identities of one seed.
const maxSeedIdentities = 10_000

// seed is what [Emulator.Seed] takes. All members may be left out.
type seed struct {
	Version    int             `json:"version"` // 1
	Users      []seedUser      `json:"users"`
	Apps       []seedApp       `json:"apps"`
	Identities []seedIdentity  `json:"identities"`
	Extensions []seedExtension `json:"extensions"`
}

// seedUser is a user. Only the name is needed; see the names of [User].
type seedUser struct {
	Name         string              `json:"name"`         // short name, unique in its tenant
	ObjectID     string              `json:"objectId"`     // GUID; default made of tenant and name
	TenantID     string              `json:"tenantId"`     // default the first tenant
	UPN          string              `json:"upn"`          // default name@domain
	DisplayName  string              `json:"displayName"`  // default the name
	Mail         string              `json:"mail"`         // default the UPN
	Guest        bool                `json:"guest"`        // then homeTenantId and homeObjectId are needed
	TeamsLicense bool                `json:"teamsLicense"` // may exchange Teams tokens
	Groups       []string            `json:"groups"`       // object ids
	Roles        map[string][]string `json:"roles"`        // app roles by client id of the API
	HomeTenantID string              `json:"homeTenantId"`
	HomeObjectID string              `json:"homeObjectId"`
}

// seedApp is an application registration. It needs an id, and a secret or public.
type seedApp struct {
	ID             string              `json:"id"` // client id, a GUID
	Name           string              `json:"name"`
	TenantID       string              `json:"tenantId"` // default the first tenant
	MultiTenant    bool                `json:"multiTenant"`
	Secret         string              `json:"secret"`
	Public         bool                `json:"public"`
	RedirectURIs   []string            `json:"redirectUris"`
	Loopback       bool                `json:"loopback"`              // also http://localhost and http://127.0.0.1 with any port and path
	Delegated      map[string][]string `json:"delegated"`             // scopes with consent by client id of the API
	Roles          map[string][]string `json:"roles"`                 // application permissions with consent by client id of the API
	Requested      map[string][]string `json:"requested"`             // scopes that the registration has and nobody consented to yet
	RequestedRoles map[string][]string `json:"requestedRoles"`        // the same of application permissions
	FrontChannel   string              `json:"frontChannelLogoutUri"` // loaded in a frame when a session ends
	Exposes        *struct {
		URIs    []string `json:"uris"`    // default api://id
		Version string   `json:"version"` // of access tokens: 1.0 or 2.0; default 1.0, as at Entra ID
		Scopes  []string `json:"scopes"`
		Roles   []string `json:"roles"`
	} `json:"exposes"` // the API of the application, if it is one
}

// seedIdentity is an ACS identity.
type seedIdentity struct {
	ID       string `json:"id"` // 8:acs:RESOURCE_GUID; default a random one
	CustomID string `json:"customId"`
}

// seedExtension is an open extension of a user in Graph.
type seedExtension struct {
	User string          `json:"user"` // name, object id or UPN
	App  string          `json:"app"`  // client id of the application that owns it; default the API
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"` // JSON object
}

// Seed adds users, applications, identities and extensions. It takes one JSON object, for example
//
//	{"version": 1,
//	 "users": [{"name": "dora", "displayName": "Dora", "teamsLicense": true}],
//	 "apps": [{"id": "11111111-0000-4000-8000-000000000001", "name": "shop", "secret": "s",
//	           "exposes": {"scopes": ["access_as_user"], "version": "2.0"}}],
//	 "identities": [{"id": "8:acs:ac5a0000-0000-4000-a000-0000000000c5_22222222-0000-4000-8000-000000000002"}],
//	 "extensions": [{"user": "dora", "name": "com.example.shop", "data": {"tier": "gold"}}]}
//
// as its schema: version is 1. A user has name (needed), objectId, tenantId, upn, displayName, mail, guest, teamsLicense,
// groups, roles, homeTenantId and homeObjectId. An application has id (needed), name, tenantId, multiTenant, secret, public,
// redirectUris, loopback, delegated, roles and exposes{uris, version, scopes, roles}. An identity has id and customId. An
// extension has user, name and data (all needed) and app. Unknown members are refused. Nothing is replaced: what exists already
// is an error. It changes nothing when it fails. At most 10,000 users, 1,000 applications and 10,000 identities fit.
func (e *Emulator) Seed(text []byte) error {
	in, err := readSeed(text)
	if err != nil {
		return fmt.Errorf("emulator: seed: %w", err)
	}
	e.exchange.Lock()
	defer e.exchange.Unlock()
	before, err := e.snapshot()
	if err != nil {
		return err
	}
	if err := e.plant(in); err != nil {
		return errors.Join(fmt.Errorf("emulator: seed: %w", err), e.put(before))
	}
	return nil
}

func readSeed(text []byte) (seed, error) {
	var in seed
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf("this is not the JSON object that belongs here: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, errors.New("something follows the JSON object")
	}
	if in.Version != 1 {
		return in, fmt.Errorf("version is %d, and this emulator reads version 1", in.Version)
	}
	if len(in.Identities) > maxSeedIdentities {
		return in, fmt.Errorf("there are more than %d identities", maxSeedIdentities)
	}
	return in, nil
}

// plant adds all of a seed.
func (e *Emulator) plant(in seed) error {
	for _, u := range in.Users {
		if err := e.entra.AddUser(u.user()); err != nil {
			return err
		}
	}
	for _, a := range in.Apps {
		if err := e.entra.AddApp(a.app()); err != nil {
			return err
		}
	}
	for _, x := range in.Extensions {
		user := e.userNamed(x.User)
		if user == "" {
			return fmt.Errorf("extension %q: there is no user %q", x.Name, x.User)
		}
		if x.App == "" {
			x.App = APIClientID
		}
		if err := e.graph.AddExtension(graph.ExtensionInfo{User: user, App: x.App, Name: x.Name, Data: x.Data}); err != nil {
			return err
		}
	}
	for _, i := range in.Identities {
		id := cmp.Or(i.ID, "8:acs:"+ResourceID+"_"+uuid.NewString())
		if err := e.acs.AddIdentity(id, i.CustomID); err != nil {
			return err
		}
	}
	return nil
}

func (u seedUser) user() entra.User {
	return entra.User{
		User: emu.User{
			ObjectID: u.ObjectID, TenantID: u.TenantID, UPN: u.UPN, DisplayName: u.DisplayName, Mail: u.Mail, Guest: u.Guest,
			TeamsLicense: u.TeamsLicense, Groups: u.Groups,
		},
		Name: u.Name, HomeTenantID: u.HomeTenantID, HomeObjectID: u.HomeObjectID, Roles: u.Roles,
	}
}

func (a seedApp) app() entra.App {
	out := entra.App{
		ID: a.ID, Name: a.Name, TenantID: a.TenantID, MultiTenant: a.MultiTenant, Secret: a.Secret, Public: a.Public,
		RedirectURIs: a.RedirectURIs, Loopback: a.Loopback, Delegated: a.Delegated, Roles: a.Roles,
		Requested: a.Requested, RequestedRoles: a.RequestedRoles, FrontChannel: a.FrontChannel,
	}
	if x := a.Exposes; x != nil {
		out.Exposes = &entra.Resource{URIs: x.URIs, Version: x.Version, Scopes: x.Scopes, Roles: x.Roles}
	}
	return out
}

// userNamed finds the object id of a user by name, object id or UPN; the first tenant comes first.
func (e *Emulator) userNamed(key string) string {
	for _, u := range e.entra.Users() {
		for _, name := range []string{u.Name, u.ObjectID, u.UPN} {
			if key != "" && strings.EqualFold(name, key) {
				return u.ObjectID
			}
		}
	}
	return ""
}

func (e *Emulator) adminSeed(r *http.Request) (any, error) {
	var text json.RawMessage
	if err := decodeOne(r.Body, &text); err != nil {
		return nil, err
	}
	if err := e.Seed(text); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]string{"status": "ok"}, nil
}
