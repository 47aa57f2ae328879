package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (k *check) listening() {
	c := k.c
	k.address("ACSAUTH_LISTEN", c.Listen)
	if c.MetricsListen != Off {
		k.address("ACSAUTH_METRICS_LISTEN", c.MetricsListen)
	}
	if c.PublicURL != "" {
		k.site("ACSAUTH_PUBLIC_URL", c.PublicURL)
	}
	k.origins()
	k.between("ACSAUTH_SHUTDOWN_DELAY", c.ShutdownDelay, 0, maxDelay)
	k.between("ACSAUTH_SHUTDOWN_TIMEOUT", c.ShutdownTimeout, minShutdown, maxShutdown)
}

// address checks host:port. Names of ports are refused, so that nothing is looked up.
func (k *check) address(name, value string) {
	host, port, err := net.SplitHostPort(value)
	n, perr := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil:
		k.bad(name, "is "+quote(value))
	case perr != nil:
		k.bad(name, "has the port "+quote(port)+", which is not a number of 0 to 65535")
	case k.mode == Development && !isLoopback(host):
		k.add(name, "is "+quote(value)+", but the development program listens on loopback only", "127.0.0.1:"+strconv.FormatUint(n, 10))
	}
}

func (k *check) origins() {
	const name = "ACSAUTH_ALLOWED_ORIGINS"
	list := k.c.AllowedOrigins
	if len(list) > 1 && slices.Contains(list, "*") {
		k.bad(name, "has * beside other entries")
		return
	}
	for _, o := range list {
		if o == "*" {
			continue
		}
		u, problem := parseSite(o)
		switch {
		case problem != "":
			k.bad(name, "has "+quoteURL(o)+", which "+problem)
		case strings.HasSuffix(o, "/") || o != strings.ToLower(o):
			k.bad(name, "has "+quote(o)+", which browsers send without a slash at its end and in lower case")
		case u.Scheme != "https" && !isLoopback(u.Hostname()):
			k.bad(name, "has "+quote(o)+", a page without TLS")
		}
	}
}

// site checks a URL that clients use.
func (k *check) site(name, value string) {
	u, problem := parseURL(value)
	switch {
	case problem != "":
		k.bad(name, "is "+quoteURL(value)+", which "+problem)
	case u.Scheme != "https" && !(k.mode == Development && isLoopback(u.Hostname())):
		k.bad(name, "is "+quoteURL(value)+", which is not https")
	}
}

// upstream checks a URL that the service calls.
func (k *check) upstream(name, value string) {
	u, problem := parseSite(value)
	if problem != "" {
		k.bad(name, "names the URL "+quoteURL(value)+", which "+problem)
		return
	}
	here := isHere(u.Hostname())
	switch {
	case k.mode == Development && u.Scheme != "https" && !isLoopback(u.Hostname()):
		k.bad(name, "names the URL "+quoteURL(value)+", which is neither https nor loopback")
	case k.mode == Production && here:
		k.bad(name, "names the URL "+quoteURL(value)+", which is on this machine; for the emulator there is acsauth-dev")
	case k.mode == Production && u.Scheme != "https":
		k.bad(name, "names the URL "+quoteURL(value)+", which is not https")
	}
}

// quoteURL shows a URL, unless it may hold a password.
func quoteURL(s string) string {
	if strings.Contains(s, "@") {
		return "[hidden: it has an @]"
	}
	return quote(s)
}

// parseSite parses scheme://host[:port] and says what else there is.
func parseSite(s string) (*url.URL, string) {
	u, problem := parseURL(s)
	if problem == "" && strings.Trim(u.Path, "/") != "" {
		problem = "has a path"
	}
	return u, problem
}

// parseURL parses a URL of http or https and says what is wrong with it.
func parseURL(s string) (*url.URL, string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return nil, "is not an http or https URL"
	case u.User != nil:
		return nil, "holds a user name"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return nil, "has a query or fragment"
	case oddNumber(u.Hostname()):
		return nil, "has a host that is neither a name nor an IP address in its usual form"
	}
	return u, ""
}

// isLoopback reports whether host names this machine and is reached from it only.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// isHere reports whether a call to host would reach this machine.
func isHere(host string) bool {
	a, err := netip.ParseAddr(host)
	return isLoopback(host) || err == nil && a.Unmap().IsUnspecified()
}

// oddNumber finds hosts such as 127.1 and 0x7f000001, which some resolvers take for an address.
func oddNumber(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last == "" || last[0] >= '0' && last[0] <= '9'
}

// Audiences of Microsoft's own APIs: whoever accepts one accepts tokens that were meant for that API.
var (
	microsoftIDs = []string{
		"00000002-0000-0000-c000-000000000000", // Azure AD Graph
		"00000003-0000-0000-c000-000000000000", // Microsoft Graph
		"00000002-0000-0ff1-ce00-000000000000", // Exchange Online
		"00000003-0000-0ff1-ce00-000000000000", // SharePoint Online
		"797f4846-ba00-4fd7-ba43-dac1f8f63013", // Azure Service Management
		"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", // Azure Key Vault
		"e406a681-f3d4-42a8-90b6-c2b029497af1", // Azure Storage
		"1fd5118e-2576-4263-8130-9503064c837a", // Azure Communication Services
	}
	microsoftHosts = []string{
		"microsoft.com", "windows.net", "azure.com", "azure.net", "azure.us", "office.com", "office365.com",
		"microsoftonline.com", "microsoft.us", "skype.com", "chinacloudapi.cn", "azure.cn",
	}
)

// audience refuses an audience that belongs to an API of Microsoft.
func (k *check) audience(name, value string) {
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(value), "api://"), "/")
	host := ""
	if u, err := url.Parse(strings.ToLower(value)); err == nil {
		host = u.Hostname()
	}
	theirs := slices.ContainsFunc(microsoftHosts, func(h string) bool {
		return host == h || strings.HasSuffix(host, "."+h)
	})
	switch {
	case theirs || slices.Contains(microsoftIDs, bare):
		k.bad(name, "is "+quote(value)+", an API of Microsoft and not yours")
	case strings.ContainsAny(value, " \t*"):
		k.bad(name, "has "+quote(value)+", which is not an App ID URI")
	}
}
