package acs

import (
	"slices"
	"strings"

	"github.com/google/uuid"
)

// kind tells how an identity came to be; it shows in the id.
type kind uint8

const (
	kindUser      kind = iota // made by create: <resource>_<user>
	kindWorkforce             // Entra user: <resource>_wf_<tenant>_<user>
	kindExtension             // Teams extension user: <resource>_<tenant>_<user>
)

// key is an identity's id in a form that is small to keep.
type key struct {
	resource     uint8 // index among the resources
	kind         kind
	tenant, user uuid.UUID // tenant is nil for kindUser
}

// names turns ids into keys and back. It holds the GUIDs of the resources.
type names []string

const idPrefix = "8:acs:"

func (n names) id(k key) string {
	id := idPrefix + n[k.resource] + "_"
	switch k.kind {
	case kindWorkforce:
		id += "wf_" + k.tenant.String() + "_"
	case kindExtension:
		id += k.tenant.String() + "_"
	}
	return id + k.user.String()
}

// parse returns the key of an id of one of the resources, in its one true
// spelling.
func (n names) parse(id string) (key, bool) {
	text, ours := strings.CutPrefix(id, idPrefix)
	resource, rest, _ := strings.Cut(text, "_")
	index := slices.Index(n, resource)
	if !ours || index < 0 {
		return key{}, false
	}
	k := key{resource: uint8(index)}
	tenant, user, two := strings.Cut(rest, "_")
	switch {
	case !two:
		user = rest
	case tenant == "wf":
		k.kind = kindWorkforce
		tenant, user, _ = strings.Cut(user, "_")
	default:
		k.kind = kindExtension
	}
	if k.kind != kindUser {
		k.tenant, _ = uuid.Parse(tenant)
	}
	k.user, _ = uuid.Parse(user)
	return k, n.id(k) == id
}
