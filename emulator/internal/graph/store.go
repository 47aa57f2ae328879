package graph

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Limits of extensions.
const (
	maxPerApp  = 2         // on one user
	maxPerUser = 200       // bounds memory; Graph has no such limit
	maxKept    = 256 << 20 // bytes of all together, about; bounds memory
)

// extension is an open extension of a user. Its data is never changed in place.
type extension struct {
	name string
	app  string // client id of the creator
	data map[string]json.RawMessage
}

// size is what an extension takes of maxKept.
func (e extension) size() int {
	n := 200 + len(e.name) + len(e.app)
	for name, value := range e.data {
		n += 50 + len(name) + len(value)
	}
	return n
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
	bytes int // size of all
	past  history
}

func (s *store) list(user string) []extension {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.users[user])
}

// errDuplicate is told apart because its status is a setting.
var errDuplicate = bad("Request_BadRequest", "An extension already exists with given id.")

var errStoreFull = &refusal{
	status: http.StatusInsufficientStorage, code: "quotaLimitReached", message: "The emulator keeps 256 MiB of extensions at most.",
}

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
	if s.bytes+e.size() > maxKept {
		return errStoreFull
	}
	s.set(user, append(slices.Clone(s.users[user]), e))
	return nil
}

func (s *store) replace(user, id string, data map[string]json.RawMessage) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(user, id)
	if i < 0 {
		return errNotFound
	}
	list := slices.Clone(s.users[user])
	before := list[i].size()
	list[i].data = data
	if s.bytes+list[i].size()-before > maxKept {
		return errStoreFull
	}
	s.set(user, list)
	return nil
}

func (s *store) remove(user, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(user, id)
	if i >= 0 {
		s.set(user, slices.Delete(slices.Clone(s.users[user]), i, i+1))
	}
	return i >= 0
}

// set gives user another list, and keeps the one before for readers that lag. The caller holds the lock.
func (s *store) set(user string, list []extension) {
	old := s.users[user]
	s.past.remember(user, old)
	for _, e := range old {
		s.bytes -= e.size()
	}
	for _, e := range list {
		s.bytes += e.size()
	}
	if s.users == nil {
		s.users = make(map[string][]extension)
	}
	if s.users[user] = list; len(list) == 0 {
		delete(s.users, user)
	}
}

func (s *store) index(user, id string) int {
	return slices.IndexFunc(s.users[user], func(e extension) bool { return e.matches(id) })
}

// holders returns the object ids of all users that have an extension.
func (s *store) holders() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := make([]string, 0, len(s.users))
	for id := range s.users {
		ids = append(ids, id)
	}
	return ids
}

func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users, s.bytes, s.past = nil, 0, history{}
}
