package acs

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// expiryLayout is how the service writes times: seven decimals, numeric zone.
const expiryLayout = "2006-01-02T15:04:05.0000000-07:00"

func stamp(t time.Time) string { return t.UTC().Format(expiryLayout) }

func (s *Service) succeed(c *call, out reply) {
	s.logAnswer(c, out.status, "", "")
	c.setHeaders()
	if out.body == nil {
		c.w.WriteHeader(out.status)
		return
	}
	body := encode(out.body)
	if c.fault.BadJSON {
		body = body[:len(body)/2]
	}
	c.write(out.status, "application/json; charset=utf-8", body)
}

func (s *Service) refuse(c *call, ref *refusal) {
	s.logAnswer(c, ref.status, ref.code, ref.reason)
	c.setHeaders()
	if ref.retryAfter != "" {
		c.w.Header().Set("Retry-After", ref.retryAfter)
	}
	if ref.allow != "" {
		c.w.Header().Set("Allow", ref.allow)
	}
	c.write(ref.status, "application/json", encode(ref.envelope()))
}

func (c *call) write(status int, contentType string, body []byte) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
	c.w.Write(body) //nolint:errcheck // the client may be gone
}

// encode marshals an answer of ours, which cannot fail.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("acs: encode answer: %v", err))
	}
	return body
}

func (c *call) setHeaders() {
	h := c.w.Header()
	if c.op != nil {
		h.Set("api-supported-versions", c.op.supported())
	}
	h.Set("MS-CV", correlationVector())
	h.Set("Request-Context", "appId=")
	h.Set("X-Processing-Time", fmt.Sprintf("%dms", time.Since(c.started).Milliseconds()))
	if c.r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=2592000")
	}
	if id, ok := single(c.r.Header, "x-ms-client-request-id"); ok {
		h.Set("x-ms-client-request-id", id)
	}
}

// correlationVector returns 22 characters and ".0".
func correlationVector() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	return base64.RawStdEncoding.EncodeToString(b[:]) + ".0"
}

func (s *Service) logAnswer(c *call, status int, code, reason string) {
	op := "unknown"
	if c.op != nil {
		op = c.op.name
	}
	attrs := []any{"op", op, "status", status, "code", code, "reason", reason, "credential", string(c.who.key)}
	if status == http.StatusInternalServerError {
		s.log.Error("acs", attrs...)
		return
	}
	s.log.Debug("acs", attrs...)
}
