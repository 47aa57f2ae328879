package entra

import (
	"net/http"
	"strings"
	"time"
)

const (
	maxConsents     = 10_000
	maxCertificates = 20 // of one application
)

// flowState is what sign-ins, consents, conditions and devices leave behind.
type flowState struct {
	loose      bool
	devices    *devices
	consents   consents
	revoked    revocations
	conditions conditions
	certs      certStore
	workload   workloadKey // survives a reset, as signing keys do
}

func newFlowState(o Options) *flowState {
	poll := o.DevicePoll.Truncate(time.Second)
	if poll < time.Second || poll > time.Minute {
		poll = 5 * time.Second
	}
	return &flowState{loose: o.Loose, devices: newDevices(poll)}
}

// reset forgets all but keys and certificates.
func (f *flowState) reset() {
	f.devices.clear()
	f.consents.clear()
	f.revoked.clear()
	f.conditions.clear()
}

// rootRoute is an endpoint that belongs to no tenant.
type rootRoute struct {
	methods string
	serve   func(s *Service, w http.ResponseWriter, r *http.Request)
}

// rootRoutes are the endpoints by lower-case path.
var rootRoutes = map[string]rootRoute{
	userInfoPath:                      {"GET POST OPTIONS", (*Service).userInfo},
	"/devicelogin":                    {"GET POST", (*Service).deviceLogin},
	"/metadata/identity/oauth2/token": {"GET", (*Service).imdsToken},
	"/msi/token":                      {"GET", (*Service).appServiceToken},
	"/workload/.well-known/openid-configuration": {"GET", (*Service).workloadMetadata},
	"/workload/openid/v1/jwks":                   {"GET", (*Service).workloadKeys},
}

// serveRoot answers a path that belongs to no tenant, and reports whether it was one.
func (s *Service) serveRoot(w http.ResponseWriter, r *http.Request) bool {
	rt, ok := rootRoutes[strings.ToLower("/"+strings.Trim(r.URL.Path, "/"))]
	if !ok {
		return false
	}
	if !allowed(rt.methods, r.Method) {
		w.Header().Set("Allow", strings.ReplaceAll(rt.methods, " ", ", "))
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return true
	}
	rt.serve(s, w, r)
	return true
}
