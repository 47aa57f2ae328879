package emulator

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// checkSource refuses requests to the administration that a web page of somebody else can cause: by name (DNS rebinding
// brings a foreign Host), by script or form (they bring a foreign Origin, or Sec-Fetch-Site).
func (e *Emulator) checkSource(r *http.Request) error {
	u, err := url.Parse("http://" + r.Host)
	if err != nil || !e.ownHost(u.Hostname()) {
		return refuse(http.StatusForbidden, "the Host header has to be a loopback name")
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return refuse(http.StatusForbidden, "requests from other web pages are not answered here")
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return nil
	}
	if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.URL.Path == uiPath {
		return nil // a link to the page, which cannot be framed
	}
	return refuse(http.StatusForbidden, "requests from other web pages are not answered here")
}

// ownHost reports whether a host name is one that only this machine goes by. Where the listeners are forced open, that is
// also an address, a name without a dot (a container's) and the public one: none of them can be rebound by a foreign page.
func (e *Emulator) ownHost(host string) bool {
	if loopbackHost(host) {
		return true
	}
	if !e.options.ForceListen || host == "" {
		return false
	}
	if net.ParseIP(host) != nil || !strings.Contains(host, ".") {
		return true
	}
	public, err := url.Parse(e.options.PublicURL)
	return err == nil && strings.EqualFold(public.Hostname(), host)
}
