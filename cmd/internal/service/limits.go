package service

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/limit"
	"github.com/acs-solutions/acsauth/internal/server"
)

// limits are how much anybody may ask of this process. A nil limiter limits nothing.
type limits struct {
	user          *limit.Keyed[acsauth.UserKey]
	tenant        *limit.Keyed[string]
	address       *limit.Keyed[netip.Prefix]
	creates       *limit.Quota[acsauth.UserKey]
	tenantCreates *limit.Keyed[string]
	proxies       limit.Proxies
	connections   limit.ListenerOptions
}

func newLimits(c *config.Config) (l limits, err error) {
	if l.user, err = limit.NewKeyed[acsauth.UserKey](limit.Rate(c.LimitUser), nil); err != nil {
		return l, fmt.Errorf("ACSAUTH_LIMIT_USER: %w", err)
	}
	if l.tenant, err = limit.NewKeyed[string](limit.Rate(c.LimitTenant), nil); err != nil {
		return l, fmt.Errorf("ACSAUTH_LIMIT_TENANT: %w", err)
	}
	if l.address, err = limit.NewKeyed[netip.Prefix](limit.Rate(c.LimitAddress), nil); err != nil {
		return l, fmt.Errorf("ACSAUTH_LIMIT_ADDRESS: %w", err)
	}
	if l.creates, err = limit.NewQuota[acsauth.UserKey](limit.Rate(c.LimitCreates), nil); err != nil {
		return l, fmt.Errorf("ACSAUTH_LIMIT_CREATES: %w", err)
	}
	if l.tenantCreates, err = limit.NewKeyed[string](limit.Rate(c.LimitTenantCreates), nil); err != nil {
		return l, fmt.Errorf("ACSAUTH_LIMIT_TENANT_CREATES: %w", err)
	}
	if l.proxies, err = limit.ParseProxies(c.TrustedProxies); err != nil {
		return l, fmt.Errorf("ACSAUTH_TRUSTED_PROXIES: %w", err)
	}
	if c.ForwardedHeader == config.Forwarded {
		l.proxies = l.proxies.WithForwarded()
	}
	l.connections = limit.ListenerOptions{Max: c.MaxConnections, MaxPerAddress: c.MaxConnectionsPerAddress, Proxies: l.proxies}
	return l, nil
}

// server is the part that the server counts.
func (l limits) server() server.Limits {
	s := server.Limits{User: l.user.Take, Tenant: l.tenant.Take}
	if l.address != nil {
		s.Address = func(a netip.Addr) (time.Duration, bool) { return l.address.Take(limit.Key(a)) }
	}
	return s
}

// mayCreate counts the identities that are made.
func (l limits) mayCreate(key acsauth.UserKey) (wait time.Duration, ok bool) {
	if wait, ok := l.creates.Take(key); !ok {
		return wait, false
	}
	wait, ok = l.tenantCreates.Take(key.Issuer)
	if !ok {
		l.creates.Return(key)
	}
	return wait, ok
}

// listener bounds the connections.
func (l limits) listener(ln net.Listener) net.Listener { return limit.NewListener(ln, l.connections) }
