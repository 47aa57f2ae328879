package emulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// newRouter puts the three services on one root. They have no path in common.
func (e *Emulator) newRouter() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = normalise(r)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		rec := &recorder{ResponseWriter: w}
		defer e.log.add(r, rec)
		e.pick(r.URL.Path).ServeHTTP(rec, r)
	})
}

// pick finds the service by the first path segment.
func (e *Emulator) pick(path string) http.Handler {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch strings.ToLower(first) {
	case "identities", "teamsuser", "access":
		return e.acs
	case "v1.0", "beta":
		return e.graph
	case "":
		return http.HandlerFunc(greet)
	}
	return e.entra
}

// greet tells a person what this port is.
func greet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "acsauth emulator: Entra ID, Microsoft Graph and ACS Identity for development.\n"+
		"Discovery: /"+TenantID+"/v2.0/.well-known/openid-configuration\n")
}

// normalise folds leading slashes into one: SDKs join an endpoint that ends in a slash with a path that starts with one.
// RequestURI stays as it was sent, since signatures cover it.
func normalise(r *http.Request) *http.Request {
	out := new(http.Request)
	*out = *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path = "/" + strings.TrimLeft(r.URL.Path, "/")
	if r.URL.RawPath != "" {
		out.URL.RawPath = "/" + strings.TrimLeft(r.URL.RawPath, "/")
	}
	return out
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
