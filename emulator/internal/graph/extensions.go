package graph

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const (
	extensionType = "microsoft.graph.openTypeExtension"
	maxBody       = 64 << 10 // bytes of a request
	maxExtension  = 2 << 10  // bytes of an extension's data as JSON
)

var (
	nameShape    = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	reservedName = regexp.MustCompile(`^(?i)(com\.(on)?)?microsoft(\.|$)`)
)

var errNotFound = &refusal{
	status: http.StatusNotFound, code: "ResourceNotFound", message: "Extension with given id not found.",
}

func (c *call) extensionsContext(user string) string {
	return c.metadata() + "users('" + user + "')/extensions"
}

func (c *call) entity(e extension) map[string]any {
	out := c.selectExtension(e)
	out["@odata.context"] = c.extensionsContext(c.user.ObjectID) + "/$entity"
	return out
}

// selectExtension keeps what $select names. An open type may have any property, so none is unknown.
func (c *call) selectExtension(e extension) map[string]any {
	out := e.object()
	if len(c.query.selected) == 0 {
		return out
	}
	for name := range out {
		if name != "@odata.type" && !slices.Contains(c.query.selected, name) {
			delete(out, name)
		}
	}
	return out
}

func (s *Service) listExtensions(c *call) (reply, *refusal) {
	value := []map[string]any{}
	for _, e := range s.seen(c.user.ObjectID) {
		value = append(value, c.selectExtension(e))
	}
	return reply{http.StatusOK, map[string]any{
		"@odata.context": c.extensionsContext(c.user.ObjectID), "value": value,
	}}, nil
}

func (s *Service) getExtension(c *call) (reply, *refusal) {
	for _, e := range s.seen(c.user.ObjectID) {
		if e.matches(c.name) {
			return reply{http.StatusOK, c.entity(e)}, nil
		}
	}
	return reply{}, errNotFound
}

// addExtension is the one atomic verb: it fails if the name exists.
func (s *Service) addExtension(c *call) (reply, *refusal) {
	fields, ref := c.readObject(maxBody)
	if ref != nil {
		return reply{}, ref
	}
	e, ref := readExtension(fields, c.grant.app)
	if ref != nil {
		return reply{}, ref
	}
	if ref := s.store.add(c.user.ObjectID, e); ref != nil {
		return reply{}, s.duplicate(ref)
	}
	return reply{http.StatusCreated, c.entity(e)}, nil
}

// readExtension checks a new extension of an application.
func readExtension(fields map[string]json.RawMessage, app string) (extension, *refusal) {
	if strings.TrimPrefix(textField(fields, "@odata.type"), "#") != extensionType {
		return extension{}, bad("Request_BadRequest", "The property '@odata.type' must be '"+extensionType+"'.")
	}
	name := textField(fields, "extensionName")
	if !nameShape.MatchString(name) || reservedName.MatchString(name) {
		return extension{}, bad("Request_BadRequest", "The extension name is not valid.")
	}
	data, ref := extensionData(fields)
	return extension{name: name, app: app, data: data}, ref
}

// duplicate gives the refusal of a duplicate the status that is set.
func (s *Service) duplicate(ref *refusal) *refusal {
	if status := s.behaviour.Load().DuplicateStatus; ref == errDuplicate && status != 0 {
		out := *ref
		out.status = status
		return &out
	}
	return ref
}

// updateExtension replaces the data: what is not sent is gone.
func (s *Service) updateExtension(c *call) (reply, *refusal) {
	fields, ref := c.readObject(maxBody)
	if ref != nil {
		return reply{}, ref
	}
	data, ref := extensionData(fields)
	if ref != nil {
		return reply{}, ref
	}
	return reply{status: http.StatusNoContent}, s.store.replace(c.user.ObjectID, c.name, data)
}

func (s *Service) removeExtension(c *call) (reply, *refusal) {
	if !s.store.remove(c.user.ObjectID, c.name) {
		return reply{}, errNotFound
	}
	return reply{status: http.StatusNoContent}, nil
}

// extensionData drops from a body what is not the application's: annotations,
// the name, and properties that are null.
func extensionData(fields map[string]json.RawMessage) (map[string]json.RawMessage, *refusal) {
	out := make(map[string]json.RawMessage)
	for name, value := range fields {
		if name == "id" || name == "extensionName" || strings.Contains(name, "@") || string(value) == "null" {
			continue
		}
		out[name] = value
	}
	text, err := json.Marshal(out)
	if err != nil || len(text) > maxExtension {
		return nil, bad("Request_BadRequest", "The size of the extension exceeds the limit of 2 KB.")
	}
	return out, nil
}
