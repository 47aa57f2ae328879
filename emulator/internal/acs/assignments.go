package acs

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// assignmentPage is how many assignments a list shows at once.
const assignmentPage = 100

// assignmentBody is an assignment as it is shown.
type assignmentBody struct {
	Object    string   `json:"objectId"`
	Tenant    string   `json:"tenantId"`
	Principal string   `json:"principalType"`
	Clients   []string `json:"clientIds,omitzero"`
}

type assignmentList struct {
	Value    []assignmentBody `json:"value"`
	NextLink string           `json:"nextLink,omitempty"`
}

// assignmentRequest is what a caller sets.
type assignmentRequest struct {
	Tenant    string   `json:"tenantId"`
	Principal string   `json:"principalType"`
	Clients   []string `json:"clientIds"`
}

func (a assignment) body() assignmentBody {
	return assignmentBody{a.Object, a.Tenant, a.Principal, a.Clients}
}

func bodies(list []assignment) []assignmentBody {
	out := make([]assignmentBody, len(list))
	for i, a := range list {
		out[i] = a.body()
	}
	return out
}

// placed returns the assignment that a path is about, with nothing set yet:
// .../tenants/{tenantId}/assignments/{objectId} of the Teams extension, else
// .../assignments/{objectId}.
func (s *Service) placed(c *call) (assignment, *refusal) {
	a := assignment{Resource: s.names[c.who.resource], Object: strings.ToLower(c.params[len(c.params)-1])}
	if len(c.params) == 2 {
		a.Extension, a.Tenant = true, strings.ToLower(c.params[0])
	}
	if a.Extension && !guidShape.MatchString(a.Tenant) {
		return a, invalid("tenantId", "Provided TenantId has invalid format.")
	}
	if !guidShape.MatchString(a.Object) {
		return a, invalid("objectId", "Provided ObjectId has invalid format.")
	}
	return a, nil
}

// set takes what a caller wants an assignment to be. The Teams extension has
// the tenant in the path.
func (a *assignment) set(in assignmentRequest) *refusal {
	if !a.Extension {
		a.Tenant = strings.ToLower(in.Tenant)
	}
	a.Principal, a.Clients = in.Principal, nil
	if in.Clients != nil {
		a.Clients = make([]string, 0, len(in.Clients))
	}
	for _, id := range in.Clients {
		if id = strings.ToLower(id); !slices.Contains(a.Clients, id) {
			a.Clients = append(a.Clients, id)
		}
	}
	return a.check()
}

func (s *Service) getAssignment(c *call) (reply, *refusal) {
	a, ref := s.placed(c)
	if ref != nil {
		return reply{}, ref
	}
	a, known := s.registry.assignment(a.at())
	if !known {
		return reply{}, plain(http.StatusNotFound, "The assignment does not exist.")
	}
	s.counts.add(c.op.name)
	return reply{http.StatusOK, a.body()}, nil
}

func (s *Service) putAssignment(c *call) (reply, *refusal) {
	a, ref := s.placed(c)
	if ref != nil {
		return reply{}, ref
	}
	var in assignmentRequest
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	if ref := a.set(in); ref != nil {
		return reply{}, ref
	}
	created, err := s.registry.assign([]assignment{a}, s.opts.Now())
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add(c.op.name)
	if created[0] {
		return reply{http.StatusCreated, a.body()}, nil
	}
	return reply{http.StatusOK, a.body()}, nil
}

func (s *Service) deleteAssignment(c *call) (reply, *refusal) {
	a, ref := s.placed(c)
	if ref != nil {
		return reply{}, ref
	}
	if _, err := s.registry.unassign(a.at(), s.opts.Now()); err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add(c.op.name)
	return reply{status: http.StatusNoContent}, nil
}

func (s *Service) listAssignments(c *call) (reply, *refusal) {
	after := c.r.URL.Query().Get("skipToken")
	list, more := s.registry.assignments(s.names[c.who.resource], after, assignmentPage)
	out := assignmentList{Value: bodies(list)}
	if more {
		out.NextLink = baseURL(c.r) + c.r.URL.EscapedPath() + "?" + url.Values{
			"api-version": {c.version}, "skipToken": {list[len(list)-1].Object},
		}.Encode()
	}
	s.counts.add(c.op.name)
	return reply{http.StatusOK, out}, nil
}

// updateAssignments takes a JSON merge patch of many assignments by object id:
// null removes one, an object changes the fields that it names. It answers
// with those that were set, or 204 if it only removed.
func (s *Service) updateAssignments(c *call) (reply, *refusal) {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "application/merge-patch+json" {
		return reply{}, plain(http.StatusUnsupportedMediaType, "The content type must be application/merge-patch+json.")
	}
	var in map[string]json.RawMessage
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	if in == nil {
		return reply{}, invalid("", "The request body is required.")
	}
	set, remove, ref := s.merge(s.names[c.who.resource], in)
	if ref != nil {
		return reply{}, ref
	}
	now := s.opts.Now()
	if _, err := s.registry.assign(set, now); err != nil {
		return reply{}, registryRefusal(err)
	}
	for _, at := range remove {
		if _, err := s.registry.unassign(at, now); err != nil {
			return reply{}, registryRefusal(err)
		}
	}
	s.counts.add(c.op.name)
	if len(set) == 0 {
		return reply{status: http.StatusNoContent}, nil
	}
	return reply{http.StatusOK, assignmentList{Value: bodies(set)}}, nil
}

// merge reads a patch, without effect.
func (s *Service) merge(resource string, patch map[string]json.RawMessage) (set []assignment, remove []grantKey, ref *refusal) {
	for _, object := range slices.Sorted(maps.Keys(patch)) {
		a := assignment{Resource: resource, Object: strings.ToLower(object)}
		if !guidShape.MatchString(object) {
			return nil, nil, invalid("objectId", "Provided ObjectId has invalid format.")
		}
		if bytes.Equal(patch[object], []byte("null")) {
			remove = append(remove, a.at())
			continue
		}
		old, _ := s.registry.assignment(a.at())
		in := assignmentRequest{Tenant: old.Tenant, Principal: old.Principal, Clients: slices.Clone(old.Clients)}
		if ref := decode(patch[object], &in); ref != nil {
			return nil, nil, ref
		}
		if ref := a.set(in); ref != nil {
			return nil, nil, ref
		}
		set = append(set, a)
	}
	return set, remove, nil
}
