package config

import (
	"encoding/base64"
	"net/netip"
	"strings"
)

// The values of ACSAUTH_FORWARDED_HEADER.
const (
	XForwardedFor = "x-forwarded-for"
	Forwarded     = "forwarded"
)

// Values of ACSAUTH_AUDIT; the third is file: and a path.
const (
	Stdout      = "stdout"
	Stderr      = "stderr"
	auditToFile = "file:"
)

// defaultLimits takes the limits away in development, where one user does everything.
func defaultLimits(mode Mode, values map[string]string) {
	for _, name := range [...]string{"ACSAUTH_LIMIT_USER", "ACSAUTH_LIMIT_TENANT", "ACSAUTH_LIMIT_CREATES", "ACSAUTH_LIMIT_TENANT_CREATES", "ACSAUTH_ACS_QUOTA"} {
		if _, set := values[name]; !set && mode == Development {
			values[name] = Off
		}
	}
}

// maxCreates bounds ACSAUTH_LIMIT_CREATES, since the time of each is kept.
const maxCreates = 1000

// limits checks what guards against too much.
func (k *check) limits() {
	c := k.c
	k.count("ACSAUTH_MAX_IN_FLIGHT", c.MaxInFlight, 1, 100_000)
	k.count("ACSAUTH_MAX_CONNECTIONS", c.MaxConnections, 1, 1_000_000)
	k.count("ACSAUTH_MAX_CONNECTIONS_PER_ADDRESS", c.MaxConnectionsPerAddress, 0, 1_000_000)
	if c.LimitCreates.Events > maxCreates {
		k.bad("ACSAUTH_LIMIT_CREATES", "is "+c.LimitCreates.String()+", which is more than 1000")
	}
	k.oneOf("ACSAUTH_FORWARDED_HEADER", c.ForwardedHeader, XForwardedFor, Forwarded)
	for _, p := range c.TrustedProxies {
		_, aerr := netip.ParseAddr(p)
		_, nerr := netip.ParsePrefix(p)
		if aerr != nil && nerr != nil && p != "loopback" && p != "private" {
			k.bad("ACSAUTH_TRUSTED_PROXIES", "has "+quote(p)+", which is neither an address nor a network")
		}
	}
	if (c.TLSCertificate == "") != (c.TLSKey == "") {
		k.add("ACSAUTH_TLS_CERTIFICATE", "and ACSAUTH_TLS_KEY go together, and one is missing", "both or none")
	}
	k.guids("ACSAUTH_ADMIN_CLIENTS", c.AdminClients)
}

func (k *check) count(name string, n, least, most int) {
	if n < least || n > most {
		k.bad(name, "is out of range")
	}
}

// audit checks the settings of the audit log.
func (k *check) audit() {
	c := k.c
	if path, ok := c.AuditFile(); c.Audit != Off && c.Audit != Stdout && c.Audit != Stderr && (!ok || path == "") {
		k.bad("ACSAUTH_AUDIT", "is "+quote(c.Audit))
	}
	if _, err := c.AuditKeyList(); err != nil && !c.AuditKeys.Pending() {
		k.bad("ACSAUTH_AUDIT_KEYS", err.Error())
	}
	k.count("ACSAUTH_AUDIT_FILE_SIZE", c.AuditFileSize, 1, 10240)
}

// AuditFile returns the path of the audit log, if it is a file.
func (c *Config) AuditFile() (path string, ok bool) { return strings.CutPrefix(c.Audit, auditToFile) }

// AuditKeyList returns the keys of the audit log, the first one first. Its error shows no part of them.
func (c *Config) AuditKeyList() ([][]byte, error) {
	if c.AuditKeys.Pending() {
		return nil, ErrUnresolved
	}
	text := c.AuditKeys.Reveal()
	if text == "" {
		return nil, nil
	}
	return keyList(text)
}

// keyList reads one or two keys of 32 bytes or more.
func keyList(text string) ([][]byte, error) {
	texts := strings.Split(text, ",")
	if len(texts) > 2 {
		return nil, problem("has more than two keys")
	}
	var keys [][]byte
	for _, t := range texts {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(t))
		if err != nil || len(key) < minMACKey {
			return nil, problem("has a key that is not base64 of 32 bytes or more")
		}
		keys = append(keys, key)
	}
	return keys, nil
}
