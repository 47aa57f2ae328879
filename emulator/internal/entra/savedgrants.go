package entra

import (
	"errors"
	"time"
)

const maxSavedText = 16 << 10 // bytes of a name or a scope parameter in a snapshot

// savedFacts are grantFacts in a snapshot.
type savedFacts struct {
	UserTenant string    `json:"userTenant"`
	User       string    `json:"user"` // object id
	Scopes     string    `json:"scopes"`
	Nonce      string    `json:"nonce,omitempty"`
	Session    string    `json:"session,omitempty"`
	Email      bool      `json:"email,omitempty"`
	Expires    time.Time `json:"expires,omitzero"`
	Tenant     string    `json:"tenant"`
	Policy     string    `json:"policy,omitempty"`
	Have       []string  `json:"have,omitempty"`
	Issued     time.Time `json:"issued"`
	Generation int       `json:"generation,omitempty"`
}

// savedCode is an authorization code in a snapshot.
type savedCode struct {
	Name        string     `json:"name"`
	Expires     time.Time  `json:"expires"`
	App         string     `json:"app"`
	RedirectURI string     `json:"redirectUri"`
	Challenge   string     `json:"challenge,omitempty"`
	Plain       bool       `json:"plain,omitempty"`
	Used        bool       `json:"used,omitempty"`
	Facts       savedFacts `json:"facts"`
}

// savedRefresh is a refresh token in a snapshot.
type savedRefresh struct {
	Name    string     `json:"name"`
	Expires time.Time  `json:"expires"`
	App     string     `json:"app"`
	Facts   savedFacts `json:"facts"`
}

// savedSession is a browser session in a snapshot.
type savedSession struct {
	Name       string    `json:"name"`
	Expires    time.Time `json:"expires"`
	UserTenant string    `json:"userTenant"`
	User       string    `json:"user"`
	ID         string    `json:"id"`
	Have       []string  `json:"have,omitempty"`
	Apps       []string  `json:"apps,omitempty"`
	Generation int       `json:"generation,omitempty"`
}

func saveFacts(g grantFacts) savedFacts {
	return savedFacts{
		UserTenant: g.user.TenantID, User: g.user.ObjectID, Scopes: g.scopes, Nonce: g.nonce, Session: g.session, Email: g.email,
		Expires: g.expires, Tenant: g.tenant, Policy: g.policy, Have: g.have, Issued: g.issued, Generation: g.generation,
	}
}

// saveGrants returns codes, refresh tokens and sessions.
func (s *Service) saveGrants() (codes []savedCode, refresh []savedRefresh, sessions []savedSession) {
	codeNames, codeItems := s.codes.dump()
	for i, item := range codeItems {
		c := item.value
		if s.dir.app(c.app.ID) == nil {
			continue // a client of the loose mode
		}
		codes = append(codes, savedCode{codeNames[i], item.expires, c.app.ID, c.redirectURI, c.challenge, c.plain, c.used, saveFacts(c.facts)})
	}
	refreshNames, refreshItems := s.refresh.dump()
	for i, item := range refreshItems {
		if s.dir.app(item.value.app.ID) == nil {
			continue
		}
		refresh = append(refresh, savedRefresh{refreshNames[i], item.expires, item.value.app.ID, saveFacts(item.value.facts)})
	}
	sessionNames, sessionItems := s.sessions.dump()
	for i, item := range sessionItems {
		v := item.value
		sessions = append(sessions, savedSession{
			sessionNames[i], item.expires, v.user.TenantID, v.user.ObjectID, v.id, v.have, v.apps, v.generation,
		})
	}
	return codes, refresh, sessions
}

// batch is the content of a vault.
type batch[T any] struct {
	names []string
	items []sealed[T]
	seen  map[string]bool
}

func (b *batch[T]) add(name string, value T, expires time.Time) error {
	if b.seen == nil {
		b.seen = make(map[string]bool)
	}
	if name == "" || len(name) > maxSavedText || b.seen[name] {
		return errors.New("a code, a refresh token or a session has no name, or another one's")
	}
	b.seen[name] = true
	b.names, b.items = append(b.names, name), append(b.items, sealed[T]{value, expires})
	return nil
}

// grants are the contents of the vaults.
type grants struct {
	codes    batch[code]
	refresh  batch[refreshGrant]
	sessions batch[session]
}

// into puts the contents in place.
func (g *grants) into(s *Service) {
	s.codes.load(g.codes.names, g.codes.items)
	s.refresh.load(g.refresh.names, g.refresh.items)
	s.sessions.load(g.sessions.names, g.sessions.items)
}

// loadGrants finds the users and applications of codes, refresh tokens and sessions.
func loadGrants(d *Directory, in snapshot) (*grants, error) {
	g := new(grants)
	for _, c := range in.Codes {
		facts, app, err := c.Facts.load(d, c.App)
		if err == nil {
			err = g.codes.add(c.Name, code{app: app, redirectURI: c.RedirectURI, challenge: c.Challenge, plain: c.Plain, used: c.Used, facts: facts}, c.Expires)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, r := range in.Refresh {
		facts, app, err := r.Facts.load(d, r.App)
		if err == nil {
			err = g.refresh.add(r.Name, refreshGrant{app: app, facts: facts}, r.Expires)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, v := range in.Sessions {
		u := d.userIn(v.UserTenant, v.User)
		if u == nil || len(v.ID) > maxWord || len(v.Have)+len(v.Apps) > maxList {
			return nil, errNoParty
		}
		one := session{user: u, id: v.ID, have: v.Have, apps: v.Apps, generation: v.Generation}
		if err := g.sessions.add(v.Name, one, v.Expires); err != nil {
			return nil, err
		}
	}
	return g, nil
}

var errNoParty = errors.New("a code, a refresh token or a session is of a user or an application that is not there")

// load finds user and application.
func (f savedFacts) load(d *Directory, appID string) (grantFacts, *App, error) {
	app, u := d.app(appID), d.userIn(f.UserTenant, f.User)
	if app == nil || u == nil || len(f.Scopes)+len(f.Nonce)+len(f.Session) > maxSavedText || len(f.Have) > maxList {
		return grantFacts{}, nil, errNoParty
	}
	return grantFacts{
		user: u, scopes: f.Scopes, nonce: f.Nonce, session: f.Session, email: f.Email, expires: f.Expires, tenant: f.Tenant, policy: f.Policy,
		have: f.Have, issued: f.Issued, generation: f.Generation,
	}, app, nil
}
