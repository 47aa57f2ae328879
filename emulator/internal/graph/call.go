package graph

import (
	"encoding/base64"
	"encoding/json"
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
	op        operation
	grant     grant
	isMe      bool
	pathUser  string // {id} of /users/{id}
	name      string // {name} of /extensions/{name}
	user      emu.User
	fault     Fault
}

// reply is a successful answer. A nil body is an empty one.
type reply struct {
	status int
	body   map[string]any
}

// refusal is an error answer.
type refusal struct {
	status        int
	code, message string
	challenge     bool // send WWW-Authenticate
	allow         string
	retryAfter    string
	claims        string // of the challenge, JSON
}

func bad(code, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, message: message}
}

// metadata begins every OData context. It is Graph's own and not a link.
const metadata = "https://graph.microsoft.com/v1.0/$metadata#"

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func newCall(w http.ResponseWriter, r *http.Request, now time.Time) *call {
	return &call{w: w, r: r, now: now, requestID: uuid.NewString()}
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

func (c *call) setHeaders() {
	h := c.w.Header()
	h.Set("request-id", c.requestID)
	h.Set("client-request-id", c.clientRequestID())
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"acsauth"}}`)
	h.Set("Cache-Control", "no-cache")
	if c.r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (c *call) succeed(out reply) {
	c.setHeaders()
	if out.body == nil {
		c.w.WriteHeader(out.status)
		return
	}
	c.w.Header().Set("OData-Version", "4.0")
	c.write(out.status, jsonType, out.body)
}

func (c *call) refuse(ref *refusal) {
	c.setHeaders()
	if ref.challenge {
		value := `Bearer realm=""`
		if ref.claims != "" {
			value += `, authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="` +
				base64.StdEncoding.EncodeToString([]byte(ref.claims)) + `"`
		}
		c.w.Header().Set("WWW-Authenticate", value)
	}
	if ref.retryAfter != "" {
		c.w.Header().Set("Retry-After", ref.retryAfter)
	}
	if ref.allow != "" {
		c.w.Header().Set("Allow", ref.allow)
	}
	c.write(ref.status, "application/json", map[string]any{"error": map[string]any{
		"code":    ref.code,
		"message": ref.message,
		"innerError": map[string]string{
			"date":              c.now.UTC().Format("2006-01-02T15:04:05"),
			"request-id":        c.requestID,
			"client-request-id": c.clientRequestID(),
		},
	}})
}

func (c *call) write(status int, contentType string, body any) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
	if c.fault.BadJSON && status < 300 {
		text, _ := json.Marshal(body) // what is sent otherwise can be encoded, too
		c.w.Write(text[:len(text)/2]) //nolint:errcheck // the client may be gone
		return
	}
	json.NewEncoder(c.w).Encode(body) //nolint:errcheck // the client may be gone
}
