package graph

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
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

func extensionsContext(user string) string { return metadata + "users('" + user + "')/extensions" }

func (c *call) entity(e extension) map[string]any {
	out := e.object()
	out["@odata.context"] = extensionsContext(c.user.ObjectID) + "/$entity"
	return out
}

func (s *Service) listExtensions(c *call) (reply, *refusal) {
	value := []map[string]any{}
	for _, e := range s.seen(c.user.ObjectID) {
		value = append(value, e.object())
	}
	return reply{http.StatusOK, map[string]any{
		"@odata.context": extensionsContext(c.user.ObjectID), "value": value,
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
	fields, ref := c.readObject()
	if ref != nil {
		return reply{}, ref
	}
	if strings.TrimPrefix(textField(fields, "@odata.type"), "#") != extensionType {
		return reply{}, bad("Request_BadRequest", "The property '@odata.type' must be '"+extensionType+"'.")
	}
	name := textField(fields, "extensionName")
	if !nameShape.MatchString(name) || reservedName.MatchString(name) {
		return reply{}, bad("Request_BadRequest", "The extension name is not valid.")
	}
	data, ref := extensionData(fields)
	if ref != nil {
		return reply{}, ref
	}
	e := extension{name: name, app: c.grant.app, data: data}
	if ref := s.store.add(c.user.ObjectID, e); ref != nil {
		return reply{}, s.duplicate(ref)
	}
	return reply{http.StatusCreated, c.entity(e)}, nil
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
	fields, ref := c.readObject()
	if ref != nil {
		return reply{}, ref
	}
	data, ref := extensionData(fields)
	if ref != nil {
		return reply{}, ref
	}
	if !s.store.replace(c.user.ObjectID, c.name, data) {
		return reply{}, errNotFound
	}
	return reply{status: http.StatusNoContent}, nil
}

func (s *Service) removeExtension(c *call) (reply, *refusal) {
	if !s.store.remove(c.user.ObjectID, c.name) {
		return reply{}, errNotFound
	}
	return reply{status: http.StatusNoContent}, nil
}

// readObject reads the body, which must be a JSON object.
func (c *call) readObject() (map[string]json.RawMessage, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, code: "Request_BadRequest", message: "The request body is too large."}
	}
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &fields) != nil || fields == nil {
		return nil, bad("BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return fields, nil
}

func textField(fields map[string]json.RawMessage, name string) string {
	var s string
	if json.Unmarshal(fields[name], &s) != nil {
		return ""
	}
	return s
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
