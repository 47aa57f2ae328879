package limit

import "net/netip"

// Key is the network that an address is counted by: an IPv4 address alone, of
// IPv6 its /64, since a client has all of that (RFC 4291, 2.5.1). The zero
// address gives the zero network.
func Key(a netip.Addr) netip.Prefix {
	a = clean(a)
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// clean makes one form of each address: no zone, and IPv4 as IPv4.
func clean(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// peer reads the address of a connection, with or without a port.
func peer(remote string) netip.Addr {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return clean(ap.Addr())
	}
	a, _ := netip.ParseAddr(remote) // the zero address says that there is none
	return clean(a)
}
