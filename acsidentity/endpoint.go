package acsidentity

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const maxEndpointLen = 512

var hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// parseEndpoint returns the endpoint in the one form that is signed and sent:
// lower case, no default port, no trailing slash. Its errors do not repeat it.
func parseEndpoint(s string) (string, error) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxEndpointLen {
		return "", errors.New("acsidentity: the endpoint is not a URL")
	}
	if u.User != nil || u.Opaque != "" || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(s, "?#@") {
		return "", errors.New("acsidentity: the endpoint must be a scheme and a host, without path, query, fragment or user")
	}
	host, err := parseHost(u)
	if err != nil {
		return "", err
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u.Scheme + "://" + host, nil
	case u.Scheme == "http":
		return "", errors.New("acsidentity: the endpoint must be https; http is for a loopback host only")
	default:
		return "", errors.New("acsidentity: the endpoint must begin with https://")
	}
}

// parseHost returns host, or host:port where the port is not the default of the scheme.
func parseHost(u *url.URL) (string, error) {
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	if isIP := err == nil && ip.Zone() == ""; !isIP && !hostForm.MatchString(host) {
		return "", errors.New("acsidentity: the host of the endpoint is not a name or an address")
	}
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) || strings.HasSuffix(u.Host, ":") {
		return "", errors.New("acsidentity: the port of the endpoint is wrong")
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		if strings.Contains(host, ":") {
			return "[" + host + "]", nil
		}
		return host, nil
	}
	return net.JoinHostPort(host, port), nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
