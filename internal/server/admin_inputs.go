package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// userInput reads {"user":{"tenantId":"...","objectId":"..."}}.
func (s *Server) userInput(r *http.Request) (acsauth.UserKey, error) {
	var raw json.RawMessage
	if err := adminBody(r, members{"user": keep(&raw)}); err != nil {
		return acsauth.UserKey{}, err
	}
	if raw == nil {
		return acsauth.UserKey{}, errBody("The member 'user' is missing.")
	}
	return s.userKey(raw, "user")
}

// identityInput reads {"identity":"8:acs:..."}.
func identityInput(r *http.Request) (acsauth.Identity, error) {
	var id string
	if err := adminBody(r, members{"identity": text(&id)}); err != nil {
		return "", err
	}
	return identityOf(id, "identity")
}

// batchInput reads {"users":[{...}],"identities":["8:acs:..."]}.
func (s *Server) batchInput(r *http.Request) (in batch, err error) {
	var users []json.RawMessage
	var ids []string
	if err := adminBody(r, members{"users": rawList(&users), "identities": stringList(&ids)}); err != nil {
		return in, err
	}
	if len(users) > maxBatch || len(ids) > maxBatch || len(users)+len(ids) == 0 {
		return in, errBody("A request resolves 1 to 100 users and 1 to 100 identities.")
	}
	in.users, in.identities = make([]acsauth.UserKey, len(users)), make([]acsauth.Identity, len(ids))
	for i, raw := range users {
		if in.users[i], err = s.userKey(raw, "users["+strconv.Itoa(i)+"]"); err != nil {
			return in, err
		}
	}
	for i, id := range ids {
		if in.identities[i], err = identityOf(id, "identities["+strconv.Itoa(i)+"]"); err != nil {
			return in, err
		}
	}
	return in, nil
}

func adminBody(r *http.Request, m members) error {
	if _, err := query(r); err != nil {
		return err
	}
	return readBody(r, m)
}

// userKey reads how a request names a user. Where it stands is for the error, which repeats nothing.
func (s *Server) userKey(raw json.RawMessage, where string) (acsauth.UserKey, error) {
	var n authn.UserName
	err := decodeObject(raw, members{"tenantId": text(&n.TenantID), "objectId": text(&n.ObjectID), "issuer": text(&n.Issuer), "subject": text(&n.Subject)})
	if err != nil {
		return acsauth.UserKey{}, errBody("The member '" + where + "' is not an object with tenantId and objectId, or with issuer and subject.")
	}
	key, ok := s.o.Verifier.KeyOf(n)
	if !ok {
		return acsauth.UserKey{}, errBody("The member '" + where + "' does not name a user of an issuer that this server accepts.")
	}
	return key, nil
}

func identityOf(s, where string) (acsauth.Identity, error) {
	if id := acsauth.Identity(s); id.Valid() {
		return id, nil
	}
	return "", errBody("The member '" + where + "' is not the raw id of a communication user, 8:acs:...")
}

func keep(to *json.RawMessage) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		*to = raw
		return raw[0] == '{'
	}
}

func rawList(to *[]json.RawMessage) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool { return raw[0] == '[' && json.Unmarshal(raw, to) == nil }
}
