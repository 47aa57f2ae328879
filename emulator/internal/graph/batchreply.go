package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// stepRecorder takes the answer to one request of a batch.
type stepRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *stepRecorder) Header() http.Header { return r.header }

func (r *stepRecorder) WriteHeader(status int) { r.status = status }

func (r *stepRecorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// stepHeaders are the headers of an answer that a batch repeats.
var stepHeaders = []string{
	"Allow", "Cache-Control", "Content-Type", "OData-Version", "Retry-After", "WWW-Authenticate", "x-ms-resource-unit",
	"x-ms-throttle-information", "x-ms-throttle-limit-percentage", "x-ms-throttle-scope",
}

// reply renders the answer. What is no JSON is sent in base64.
func (r *stepRecorder) reply(id string) stepReply {
	out := stepReply{ID: id, Status: r.status, Headers: make(map[string]string)}
	for _, name := range stepHeaders {
		if value := r.header.Get(name); value != "" {
			out.Headers[name] = value
		}
	}
	if r.body.Len() == 0 {
		return out
	}
	if strings.HasPrefix(r.header.Get("Content-Type"), "application/json") && json.Valid(r.body.Bytes()) {
		out.Body = json.RawMessage(bytes.TrimSpace(r.body.Bytes()))
		return out
	}
	out.Body = base64.StdEncoding.EncodeToString(r.body.Bytes())
	return out
}
