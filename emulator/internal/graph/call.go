package graph

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/uuid"
)

// call is one request on its way through the service.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	now       time.Time
	requestID string
	version   string // v1.0 or beta
	op        operation
	grant     grant
	level     level // how much of the user the grant shows
	isMe      bool
	pathUser  string // {id} of /users/{id}
	name      string // what follows a relation: {name} of /extensions/{name}, a type cast
	query     query
	user      emu.User
	fault     Fault
	units     int     // resource units that the request costs
	pressure  float64 // share of the throttling limit that is used
	inBatch   bool
}

// reply is a successful answer. A nil body is an empty one; a string is sent as plain text.
type reply struct {
	status int
	body   any
}

// refusal is an error answer.
type refusal struct {
	status        int
	code, message string
	challenge     bool // send WWW-Authenticate
	allow         string
	retryAfter    string
	claims        string // of the challenge, JSON
	scope         string // of throttling
}

func bad(code, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, message: message}
}

func newCall(w http.ResponseWriter, r *http.Request, now time.Time) *call {
	return &call{w: w, r: r, now: now, requestID: uuid.NewString(), version: "v1.0", units: 1}
}

// metadata begins every OData context. It is Graph's own and not a link.
func (c *call) metadata() string { return "https://graph.microsoft.com/" + c.version + "/$metadata#" }

// origin is where the client found this service.
func (c *call) origin() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// userID is what the path calls the user, in lower case.
func (c *call) userID() string {
	if c.isMe {
		return strings.ToLower(c.grant.object)
	}
	return strings.ToLower(c.pathUser)
}

// clientRequestID is the client's id of the request, or ours if it sent none.
func (c *call) clientRequestID() string {
	if id := c.r.Header.Get("client-request-id"); id != "" {
		return id
	}
	return c.requestID
}

var errNotJSON = bad("BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")

// readObject reads the body, which must be a JSON object of at most limit bytes.
func (c *call) readObject(limit int64) (map[string]json.RawMessage, *refusal) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, errNotJSON
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, code: "Request_BadRequest", message: "The request body is too large."}
	}
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &fields) != nil || fields == nil {
		return nil, errNotJSON
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
