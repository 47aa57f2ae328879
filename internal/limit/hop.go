package limit

import (
	"net/netip"
	"strings"
)

// hop reads an entry of X-Forwarded-For: an address, which may have a port.
func hop(text string) netip.Addr {
	if len(text) > 128 {
		return netip.Addr{}
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return usable(a)
	}
	if in, ok := strings.CutPrefix(text, "["); ok {
		if in, ok = strings.CutSuffix(in, "]"); ok {
			a, err := netip.ParseAddr(in)
			if err != nil || !a.Is6() {
				return netip.Addr{}
			}
			return usable(a)
		}
	}
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}
	}
	return usable(ap.Addr())
}

func usable(a netip.Addr) netip.Addr {
	if a = clean(a); a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}
	}
	return a
}

// element reads an element of Forwarded (RFC 7239, section 4): its one "for",
// with a port or without. It is strict, and "unknown" and the names that hide an
// address are no addresses.
func element(text string) netip.Addr {
	var node string
	found := false
	for pair := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !ok || !isToken(name) {
			return netip.Addr{}
		}
		if value, ok = unquote(value); !ok {
			return netip.Addr{}
		}
		if strings.EqualFold(name, "for") {
			if found {
				return netip.Addr{}
			}
			node, found = value, true
		}
	}
	if strings.Count(node, ":") > 1 && !strings.HasPrefix(node, "[") {
		return netip.Addr{} // IPv6 stands in brackets (section 6)
	}
	return hop(node)
}

// unquote reads a token or a quoted string (RFC 9110, 5.6.2 and 5.6.4). A colon
// and brackets are let pass without quotes, since some proxies forget them.
func unquote(v string) (string, bool) {
	in, ok := strings.CutPrefix(v, `"`)
	if !ok {
		return v, isToken(strings.Map(func(r rune) rune {
			if strings.ContainsRune(":[]", r) {
				return '.'
			}
			return r
		}, v))
	}
	if in, ok = strings.CutSuffix(in, `"`); !ok || strings.ContainsAny(in, "\"\\") {
		return "", false // no address needs an escape
	}
	return in, true
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
