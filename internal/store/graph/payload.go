package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// The members of the extension beside the identity. Numbers are text: Graph keeps text as it is.
const (
	memberAttempt    = "acsauthAttempt"
	memberGeneration = "acsauthGeneration"
	memberResource   = "acsauthResource"
	memberMAC        = "acsauthMac"
)

var ownMembers = []string{memberAttempt, memberGeneration, memberResource, memberMAC}

const (
	extensionType = "microsoft.graph.openTypeExtension"
	maxPayload    = 2 << 10 // bytes of an extension, by Graph
	adopted       = "adopted"
)

// payload is the body that makes m Active.
func (s *Store) payload(m acsauth.Mapping) ([]byte, error) {
	body := map[string]string{
		"@odata.type": extensionType, "extensionName": s.o.Extension, s.o.Field: string(m.Identity),
		memberAttempt: m.Attempt, memberGeneration: strconv.FormatInt(m.Generation, 10), memberResource: m.Resource, memberMAC: s.sign(m),
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	if out.Len() > maxPayload {
		return nil, fmt.Errorf("the mapping takes %d bytes and an extension holds %d", out.Len(), maxPayload)
	}
	return out.Bytes(), nil
}

// An entry is an extension of our name, as it was read.
type entry struct {
	identity   string // what is in the field; the rest is empty if unsigned
	row        acsauth.Mapping
	unsigned   bool
	unreadable error // why row is not to be used
}

// find picks our extension out of all that a user has. nil: there is none.
func (s *Store) find(key acsauth.UserKey, extensions []map[string]json.RawMessage) *entry {
	for _, e := range extensions {
		if s.named(e, "id") || s.named(e, "extensionName") {
			return s.read(key, e)
		}
	}
	return nil
}

// named reports whether a member holds our name. Graph has longer forms of it, and does not heed case.
func (s *Store) named(e map[string]json.RawMessage, member string) bool {
	var name string
	if json.Unmarshal(e[member], &name) != nil {
		return false
	}
	name = strings.ToLower(name)
	for _, prefix := range [...]string{"microsoft.graph.opentypeextension.", "microsoft.outlookservices.opentypeextension."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name == strings.ToLower(s.o.Extension)
}

// read reads the members of our extension. Other members are none of our business.
func (s *Store) read(key acsauth.UserKey, e map[string]json.RawMessage) *entry {
	var attempt, generation, resource, mac string
	out := &entry{unsigned: true}
	for name, into := range map[string]*string{
		s.o.Field: &out.identity, memberAttempt: &attempt, memberGeneration: &generation, memberResource: &resource, memberMAC: &mac,
	} {
		raw, there := e[name]
		if !there {
			continue
		}
		if name != s.o.Field {
			out.unsigned = false
		}
		if json.Unmarshal(raw, into) != nil || string(raw) == "null" {
			out.unreadable = errors.New("a member is not text")
		}
	}
	n, err := strconv.ParseInt(generation, 10, 64)
	switch {
	case out.unreadable != nil, out.unsigned:
		return out
	case err != nil || strconv.FormatInt(n, 10) != generation:
		out.unreadable = errors.New("the generation is not a number")
		return out
	}
	out.row = acsauth.Mapping{Key: key, State: acsauth.Active, Attempt: attempt, Identity: acsauth.Identity(out.identity), Resource: resource, Generation: n}
	if !s.verify(out.row, mac) {
		out.unreadable = errors.New("the signature is wrong, or of a key that is not configured")
	}
	return out
}

// active returns the Active row that an entry stands for, or the alarm that it is.
func (s *Store) active(key acsauth.UserKey, e *entry) (acsauth.Mapping, error) {
	switch {
	case e.unreadable != nil:
		s.alarm(key, EventTampered, e.unreadable)
		return acsauth.Mapping{}, tampered(e.unreadable)
	case !e.unsigned:
		return e.row, nil
	}
	id := acsauth.Identity(e.identity)
	var why error
	switch {
	case !s.o.Adopt:
		why = errors.New("values without a signature are not adopted")
	case !id.Valid():
		why = errors.New("the value is not an ACS identity")
	case guidForm.MatchString(strings.ToLower(s.o.Resource)) && id.Resource() != s.o.Resource:
		why = errors.New("the identity is of another ACS resource")
	}
	if why != nil {
		s.alarm(key, EventUnsigned, why)
		return acsauth.Mapping{}, unsigned(why)
	}
	s.o.Observe(EventAdopted)
	return acsauth.Mapping{Key: key, State: acsauth.Active, Attempt: adopted, Identity: id, Resource: s.o.Resource, Generation: 1}, nil
}

// alarm tells the operator about a value that was not written by us. The hash names the user without personal data.
func (s *Store) alarm(key acsauth.UserKey, event string, why error) {
	s.o.Observe(event)
	s.o.Log.Error("an identity mapping in Microsoft Graph is refused", "event", event, "user", key.Hash(), "reason", why.Error())
}
