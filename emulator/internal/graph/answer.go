package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// exposed are the headers that a page of another origin may read.
const exposed = "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id, " +
	"ReadWriteConsistencyToken, SdkVersion, WWW-Authenticate, x-ms-client-gcc-tenant, Retry-After"

// where Graph sends a client that has no token, or one that does not suffice.
const authorizationURI = "https://login.microsoftonline.com/common/oauth2/authorize"

func (c *call) setHeaders() {
	h := c.w.Header()
	h.Set("request-id", c.requestID)
	h.Set("client-request-id", c.clientRequestID())
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"acsauth"}}`)
	h.Set("Cache-Control", "no-cache")
	if c.r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if c.r.Header.Get("Origin") != "" {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", exposed)
	}
	if c.grant.app != "" {
		h.Set("x-ms-resource-unit", strconv.Itoa(c.units))
	}
	if c.pressure >= 0.8 {
		h.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(min(c.pressure, 1.8), 'f', 1, 64))
	}
}

// preflight answers a browser that asks whether a page of another origin may call.
func (c *call) preflight() {
	h := c.w.Header()
	h.Set("request-id", c.requestID)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", c.r.Header.Get("Access-Control-Request-Headers"))
	h.Set("Access-Control-Max-Age", "3600")
	c.w.WriteHeader(http.StatusOK)
}

func (c *call) succeed(out reply) {
	c.setHeaders()
	if out.body == nil {
		c.w.WriteHeader(out.status)
		return
	}
	c.w.Header().Set("OData-Version", "4.0")
	if text, ok := out.body.(string); ok {
		c.w.Header().Set("Content-Type", "text/plain")
		c.w.WriteHeader(out.status)
		io.WriteString(c.w, text) //nolint:errcheck // the client may be gone
		return
	}
	c.write(out.status, jsonType, out.body)
}

func (c *call) refuse(ref *refusal) {
	c.setHeaders()
	h := c.w.Header()
	if ref.challenge {
		h.Set("WWW-Authenticate", ref.authenticate())
	}
	if ref.retryAfter != "" {
		h.Set("Retry-After", ref.retryAfter)
	}
	if ref.allow != "" {
		h.Set("Allow", ref.allow)
	}
	if ref.scope != "" {
		h.Set("x-ms-throttle-scope", ref.scope)
		h.Set("x-ms-throttle-information", "ResourceUnitLimitExceeded")
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

// authenticate is the challenge of a 401.
func (r *refusal) authenticate() string {
	value := fmt.Sprintf(`Bearer realm="", authorization_uri="%s", client_id="%s"`, authorizationURI, graphID)
	if r.claims != "" {
		value += `, error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(r.claims)) + `"`
	}
	return value
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
