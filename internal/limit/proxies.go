package limit

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

const (
	maxProxies   = 256
	maxHops      = 64
	maxHopsBytes = 8 << 10
)

// Proxies are the proxies that tell the truth about who asked them. The zero
// value trusts nobody.
type Proxies struct {
	trusted   []netip.Prefix
	forwarded bool
}

// ParseProxies reads up to 256 addresses and networks, and the words loopback
// and private (RFC 1918, RFC 4193).
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	if len(list) > maxProxies {
		return p, fmt.Errorf("there are %d trusted proxies; give %d at most, as networks", len(list), maxProxies)
	}
	for _, word := range list {
		nets, err := networks(word)
		if err != nil {
			return Proxies{}, err
		}
		p.trusted = append(p.trusted, nets...)
	}
	return p, nil
}

func networks(word string) ([]netip.Prefix, error) {
	switch word {
	case "loopback":
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
	case "private":
		return []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
		}, nil
	}
	if a, err := netip.ParseAddr(word); err == nil && a.Zone() == "" {
		a = clean(a)
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	n, err := netip.ParsePrefix(word)
	switch {
	case err != nil || n.Addr().Is4In6():
		return nil, fmt.Errorf("the trusted proxy %.60q is neither an address nor a network such as 10.0.0.0/8, nor loopback, nor private", word)
	case n.Bits() == 0:
		return nil, fmt.Errorf("the trusted proxy %s is everybody: then each client chooses its own address; give the networks of the proxies", word)
	case n != n.Masked():
		return nil, fmt.Errorf("the trusted proxy %s has bits beyond its length; write %s", word, n.Masked())
	}
	return []netip.Prefix{n}, nil
}

// WithForwarded reads the header Forwarded (RFC 7239) in place of X-Forwarded-For.
func (p Proxies) WithForwarded() Proxies {
	p.forwarded = true
	return p
}

// Trusts reports whether an address is that of a trusted proxy.
func (p Proxies) Trusts(a netip.Addr) bool {
	a = clean(a)
	for _, n := range p.trusted {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// Client is the address of the client, as far as it can be believed: of the
// connection, and if that is a trusted proxy, what the proxy says, and so on.
// The header is read from its end, up to the first address that is not a
// trusted proxy; what stands before it anybody can have written. An entry that
// is no address ends the walk, too, and so do 64 entries or 8 KiB: then the
// client is the last proxy that was found. remote is as in
// http.Request.RemoteAddr; the result is the zero address if it is unreadable.
func (p Proxies) Client(remote string, h http.Header) netip.Addr {
	at := peer(remote)
	if !p.Trusts(at) {
		return at
	}
	name, read := "X-Forwarded-For", hop
	if p.forwarded {
		name, read = "Forwarded", element
	}
	walk := backwards{lines: h[name], bytes: maxHopsBytes}
	for range maxHops {
		text, ok := walk.next()
		if !ok {
			return at
		}
		next := read(strings.Trim(text, " \t"))
		if !next.IsValid() {
			return at
		}
		if at = next; !p.Trusts(at) {
			return at
		}
	}
	return at
}

// backwards walks over the entries of a header from its end. A comma parts
// entries wherever it stands: no entry holds one rightly, and so a quote that a
// client opened cannot swallow what a proxy added.
type backwards struct {
	lines []string // not yet begun, but for the last one
	rest  string   // of the last line
	begun bool
	bytes int // that may still be read
}

func (b *backwards) next() (string, bool) {
	if !b.begun {
		if len(b.lines) == 0 {
			return "", false
		}
		b.rest, b.begun = b.lines[len(b.lines)-1], true
		b.lines = b.lines[:len(b.lines)-1]
	}
	window := b.rest[max(0, len(b.rest)-b.bytes):]
	i := strings.LastIndexByte(window, ',')
	if i < 0 && len(window) < len(b.rest) {
		return "", false // the entry is longer than what may be read
	}
	text := window[i+1:]
	b.bytes -= len(text) + 1
	if i < 0 {
		b.begun = false
	} else {
		b.rest = b.rest[:len(b.rest)-len(text)-1]
	}
	return text, b.bytes >= 0
}
