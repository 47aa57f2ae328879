package acs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of assignments. The service's own are not documented.
const (
	maxAssignments = 10_000
	maxClients     = 100
)

// The principals that can be given access.
const (
	principalUser     = "user"
	principalGroup    = "group"
	principalTenant   = "tenant"
	principalResource = "resourceAccount"
)

// assignment lets a principal exchange Entra tokens for tokens of a resource.
// Its GUIDs are in lower case.
type assignment struct {
	Resource  string   `json:"resource"`
	Extension bool     `json:"extension,omitempty"` // of the Teams extension
	Object    string   `json:"objectId"`
	Tenant    string   `json:"tenantId"`
	Principal string   `json:"principalType"`
	Clients   []string `json:"clientIds,omitzero"` // applications the token may be from; nil is any
}

// at is the place of an assignment: one for each object of a resource, in the
// Teams extension of a tenant of it.
func (a assignment) at() grantKey {
	k := grantKey{resource: a.Resource, extension: a.Extension, object: a.Object}
	if a.Extension {
		k.tenant = a.Tenant
	}
	return k
}

type grantKey struct {
	resource, tenant, object string
	extension                bool
}

// grants holds the assignments. The lock of the registry guards it.
type grants struct{ of map[grantKey]assignment }

func newGrants() *grants { return &grants{of: make(map[grantKey]assignment)} }

// applyAssignment makes a change of an assignment visible.
func (g *registry) applyAssignment(e entry) error {
	a := *e.Assignment
	if !slices.Contains(g.names, a.Resource) {
		return errors.New("assignment of another resource")
	}
	if ref := a.check(); ref != nil {
		return errors.New(ref.message)
	}
	_, known := g.grants.of[a.at()]
	switch {
	case e.Op == opUnassign && known:
		delete(g.grants.of, a.at())
	case e.Op == opAssign && (known || len(g.grants.of) < maxAssignments):
		g.grants.of[a.at()] = a
	default:
		return fmt.Errorf("%q does not fit the assignment's state", e.Op)
	}
	return nil
}

// assign sets assignments, all or none. created tells which were not there.
func (g *registry) assign(list []assignment, now time.Time) (created []bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fresh := 0
	for _, a := range list {
		_, known := g.grants.of[a.at()]
		created = append(created, !known)
		if !known {
			fresh++
		}
	}
	if len(g.grants.of)+fresh > maxAssignments {
		return nil, errFull
	}
	for _, a := range list {
		if err := g.write(entry{Op: opAssign, At: now.UTC(), Assignment: &a}); err != nil {
			return nil, err
		}
	}
	return created, nil
}

// unassign removes an assignment and reports whether it was there. Tokens of
// the Teams extension go with it.
func (g *registry) unassign(at grantKey, now time.Time) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, known := g.grants.of[at]
	if !known {
		return false, nil
	}
	if err := g.write(entry{Op: opUnassign, At: now.UTC(), Assignment: &a}); err != nil {
		return true, err
	}
	if !a.Extension {
		return true, nil
	}
	k, _ := g.names.parse(idPrefix + a.Resource + "_" + a.Tenant + "_" + a.Object)
	if rec, known := g.records[k]; known && !rec.deleted {
		rec.revoked, rec.revokedAt = rec.issued, now.UnixNano()
		g.records[k] = rec
	}
	return true, nil
}

// assignment returns the assignment at a place.
func (g *registry) assignment(at grantKey) (assignment, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	a, known := g.grants.of[at]
	return a, known
}

// assignments lists up to limit assignments of Entra users, groups and tenants
// to a resource by object id, from the one after a given object on.
func (g *registry) assignments(resource, after string, limit int) (list []assignment, more bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for at, a := range g.grants.of {
		if at.resource == resource && !at.extension && at.object > after {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b assignment) int { return cmp.Compare(a.Object, b.Object) })
	if len(list) > limit {
		return list[:limit], true
	}
	return list, false
}

// check refuses what an assignment cannot be, in the order of its fields.
func (a assignment) check() *refusal {
	principals := []string{principalUser, principalGroup, principalTenant}
	if a.Extension {
		principals = []string{principalUser, principalResource}
	}
	badClient := func(id string) bool { return !guidShape.MatchString(id) }
	switch {
	case !guidShape.MatchString(a.Object):
		return invalid("objectId", "Provided ObjectId has invalid format.")
	case !guidShape.MatchString(a.Tenant):
		return invalid("tenantId", "Provided TenantId has invalid format.")
	case !slices.Contains(principals, a.Principal):
		return invalid("principalType", "PrincipalType must be one of: "+strings.Join(principals, ", ")+".")
	case a.Principal == principalTenant && a.Object != a.Tenant:
		return invalid("objectId", "The ObjectId of a tenant must be its TenantId.")
	case a.Clients == nil && !a.Extension:
		return invalid("clientIds", "ClientIds are required.")
	case len(a.Clients) > maxClients || slices.ContainsFunc(a.Clients, badClient):
		return invalid("clientIds", "ClientIds must be at most 100 GUIDs.")
	}
	return nil
}

// admits reports whether the assignment is for tokens of this application and
// tenant.
func (a assignment) admits(principal, tenant, client string) bool {
	anyClient := a.Extension && a.Clients == nil
	return a.Principal == principal && a.Tenant == tenant && (anyClient || slices.Contains(a.Clients, client))
}
