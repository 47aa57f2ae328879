//go:build failpoints

package failpoint

import (
	"net/http"
	"net/http/httptrace"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Policies returns the step of the client of ACS that dies at the point that the environment names.
func Policies() []policy.Policy { return []policy.Policy{step{read()}} }

// A step passes the points F4 to F6, F11 and F12.
type step struct{ point *point }

// Do passes the request on.
func (s step) Do(req *policy.Request) (*http.Response, error) {
	sent, begun, read := "", "", ""
	switch r := req.Raw(); {
	case r.Method == http.MethodDelete:
		sent, read = "F11", "F12"
	case strings.HasSuffix(r.URL.Path, "/identities"):
		sent, begun, read = "F4", "F5", "F6"
	default:
		return req.Next()
	}
	ctx := httptrace.WithClientTrace(req.Raw().Context(), &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { s.point.pass(sent) },
		GotFirstResponseByte: func() { s.point.pass(begun) },
	})
	res, err := req.WithContext(ctx).Next()
	if err == nil {
		s.point.pass(read)
	}
	return res, err
}
