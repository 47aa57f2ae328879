package emulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// newRouter puts the three services on one root. They have no path in common.
func (e *Emulator) newRouter() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = normalise(r)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		rec := &recorder{ResponseWriter: w}
		q, started := begin(r), time.Now()
		defer func() {
			q.Status, q.ErrorCode = rec.status, rec.errorCode()
			q.Milliseconds = float64(time.Since(started).Microseconds()) / 1000
			e.log.add(q)
		}()
		e.pick(q).ServeHTTP(rec, r)
	})
}

// pick finds the service of a request.
func (e *Emulator) pick(q Request) http.Handler {
	switch q.Service {
	case serviceACS:
		return e.acs
	case serviceGraph:
		return e.graph
	case serviceEntra:
		return e.entraHandler(q.Operation)
	}
	return http.HandlerFunc(greet)
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
