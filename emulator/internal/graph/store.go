package graph

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Limits of extensions on one user.
const (
	maxPerApp  = 2
	maxPerUser = 200 // bounds memory; Graph has no such limit
)

// extension is an open extension of a user. Its data is never changed in place.
type extension struct {
	name string
	app  string // client id of the creator
	data map[string]json.RawMessage
}

// matches reports whether a path or filter means this extension. Graph knows
// it by its name and by two longer forms.
func (e extension) matches(id string) bool {
	id = strings.ToLower(id)
	for _, prefix := range []string{"microsoft.graph.opentypeextension.", "microsoft.outlookservices.opentypeextension."} {
		if short, long := strings.CutPrefix(id, prefix); long {
			id = short
		}
	}
	return id == strings.ToLower(e.name)
}

// object is the extension as Graph shows it, but for its context.
func (e extension) object() map[string]any {
	out := map[string]any{"@odata.type": "#" + extensionType, "id": e.name, "extensionName": e.name}
	for name, value := range e.data {
		out[name] = value
	}
	return out
}

// store keeps extensions by object id. The zero value is empty.
type store struct {
	mu    sync.RWMutex
	users map[string][]extension
	past  map[string][]snapshot // what readers that lag behind still see
}

func (s *store) list(user string) []extension {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.users[user])
}

// errDuplicate is told apart because its status is a setting.
var errDuplicate = bad("Request_BadRequest", "An extension already exists with given id.")

func (s *store) add(user string, e extension) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := 0
	for _, other := range s.users[user] {
		if other.matches(e.name) {
			return errDuplicate
		}
		if sameID(other.app, e.app) {
			mine++
		}
	}
	if mine >= maxPerApp || len(s.users[user]) >= maxPerUser {
		return bad("Request_BadRequest", "Maximum number of extensions values supported per application is 2.")
	}
	if s.users == nil {
		s.users = make(map[string][]extension)
	}
	s.remember(user)
	s.users[user] = append(s.users[user], e)
	return nil
}

func (s *store) replace(user, id string, data map[string]json.RawMessage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(user, id)
	if i >= 0 {
		s.remember(user)
		s.users[user][i].data = data
	}
	return i >= 0
}

func (s *store) remove(user, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(user, id)
	if i >= 0 {
		s.remember(user)
		s.users[user] = slices.Delete(s.users[user], i, i+1)
	}
	return i >= 0
}

func (s *store) index(user, id string) int {
	return slices.IndexFunc(s.users[user], func(e extension) bool { return e.matches(id) })
}

func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.users)
	clear(s.past)
}
