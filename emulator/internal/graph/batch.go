package graph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Bounds of a batch.
const (
	maxSteps     = 20
	maxBatchBody = 1 << 20
)

// step is one request of a batch.
type step struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// stepReply is the answer to one request of a batch.
type stepReply struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body,omitempty"`
}

var errBatch = bad("BadRequest", "Invalid batch payload format.")

// batch answers requests in the order of their dependencies. Each is throttled, refused and lost on its own.
func (s *Service) batch(c *call) (reply, *refusal) {
	if c.inBatch {
		return reply{}, bad("BadRequest", "A batch cannot hold a batch.")
	}
	steps, ref := c.readSteps()
	if ref != nil {
		return reply{}, ref
	}
	status := make(map[string]int) // of the requests that are answered
	replies := make([]stepReply, 0, len(steps))
	for _, st := range steps {
		one := s.answerStep(c, st, status)
		status[strings.ToLower(one.ID)] = one.Status
		replies = append(replies, one)
	}
	return reply{http.StatusOK, map[string]any{"responses": replies}}, nil
}

// readSteps reads and checks the payload before any of it takes effect.
func (c *call) readSteps() ([]step, *refusal) {
	fields, ref := c.readObject(maxBatchBody)
	if ref != nil {
		return nil, ref
	}
	var steps []step
	if json.Unmarshal(fields["requests"], &steps) != nil || len(steps) == 0 {
		return nil, errBatch
	}
	if len(steps) > maxSteps {
		return nil, bad("MaximumValueExceeded", "Number of batch request steps exceeds max value of 20.")
	}
	known := make(map[string]bool)
	for _, st := range steps {
		id := strings.ToLower(st.ID)
		if id == "" || known[id] || st.Method == "" || st.URL == "" || strings.Contains(st.URL, "://") {
			return nil, errBatch
		}
		known[id] = true
		if ref := st.checkBody(); ref != nil {
			return nil, ref
		}
	}
	return inOrder(steps)
}

// inOrder puts each step behind those that it depends on. It refuses steps that wait for each other, or for none there is.
func inOrder(steps []step) ([]step, *refusal) {
	var out []step
	done := make(map[string]bool)
	for len(steps) > 0 {
		i := slices.IndexFunc(steps, func(st step) bool {
			return !slices.ContainsFunc(st.DependsOn, func(id string) bool { return !done[strings.ToLower(id)] })
		})
		if i < 0 {
			return nil, errBatch
		}
		done[strings.ToLower(steps[i].ID)] = true
		out = append(out, steps[i])
		steps = slices.Delete(steps, i, i+1)
	}
	return out, nil
}

// checkBody wants body and content type of what writes.
func (st step) checkBody() *refusal {
	writes := slices.Contains([]string{http.MethodPost, http.MethodPatch, http.MethodPut}, strings.ToUpper(st.Method))
	if writes && (len(st.Body) == 0 || st.header("Content-Type") == "") {
		return bad("BadRequest", "Write request id : "+st.ID+" does not contain Content-Type header or body.")
	}
	return nil
}

func (st step) header(name string) string {
	for key, value := range st.Headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// answerStep runs one request, unless one that it depends on has failed.
func (s *Service) answerStep(c *call, st step, status map[string]int) stepReply {
	rec := &stepRecorder{header: make(http.Header)}
	inner := newCall(rec, c.stepRequest(st), c.now)
	inner.grant, inner.inBatch, inner.requestID = c.grant, true, c.requestID
	failed := slices.ContainsFunc(st.DependsOn, func(id string) bool { return status[strings.ToLower(id)] >= 400 })
	if failed {
		inner.refuse(&refusal{status: http.StatusFailedDependency, code: "FailedDependency",
			message: "Unable to execute the request because a request that it depends on has failed."})
	} else {
		s.finish(inner, nil)
	}
	return rec.reply(st.ID)
}

// stepRequest is the request of a step: on this host and version, by this caller.
func (c *call) stepRequest(st step) *http.Request {
	path, raw, _ := strings.Cut(st.URL, "?")
	r := (&http.Request{
		Method: strings.ToUpper(st.Method), Host: c.r.Host, TLS: c.r.TLS, Header: make(http.Header),
		URL: &url.URL{RawQuery: raw}, Body: http.NoBody,
	}).WithContext(c.r.Context())
	r.URL.Path = "/" + c.version + "/" + strings.TrimPrefix(path, "/")
	if decoded, err := url.PathUnescape(r.URL.Path); err == nil {
		r.URL.Path, r.URL.RawPath = decoded, r.URL.Path
	}
	for name, value := range st.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("client-request-id", c.clientRequestID())
	if len(st.Body) > 0 {
		r.Body = &stepBody{bytes.NewReader(st.Body)}
	}
	return r
}

type stepBody struct{ *bytes.Reader }

func (*stepBody) Close() error { return nil }
