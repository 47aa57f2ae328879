package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/acs-solutions/acsauth/internal/audit"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/policy"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/acs-solutions/acsauth/internal/tlsfile"
)

// guards are what stands around the server: who may have what, how much of it, and who is told.
type guards struct {
	audit  *audit.Log // nil if there is none
	policy *policy.Source
	limits limits
	tls    *tlsfile.Pair // nil without TLS
}

func newGuards(o Options) (g guards, err error) {
	if g.policy, err = policy.Open(o.Config.Policy, policy.Default(scopes(o.Config)), policy.Options{Log: o.Log}); err != nil {
		return g, policyFaults(err)
	}
	if g.limits, err = newLimits(o.Config); err != nil {
		return g, err
	}
	if g.tls, err = openTLS(o.Config, o.Log); err != nil {
		return g, err
	}
	if g.audit, err = openAudit(o); err != nil {
		return g, err
	}
	return g, nil
}

// CheckFiles names what is wrong in the files that the settings name, with what they say together, and in OTEL_*. It makes no request.
func CheckFiles(c *config.Config, allowLoopback bool) error {
	_, perr := policy.Open(c.Policy, policy.Default(scopes(c)), policy.Options{})
	_, lerr := newLimits(c)
	_, terr := openTLS(c, slog.New(slog.DiscardHandler))
	return errors.Join(CheckIssuers(c, allowLoopback), policyFaults(perr), lerr, terr, telemetry.CheckExport(os.Getenv))
}

// policyFaults names the setting before each fault of the file.
func policyFaults(err error) error {
	var errs []error
	for _, fault := range policy.Faults(err) {
		errs = append(errs, fmt.Errorf("ACSAUTH_POLICY: %w", fault))
	}
	return errors.Join(errs...)
}

// close ends the audit log, with a line that says so.
func (g guards) close() error {
	if g.audit == nil {
		return nil
	}
	return g.audit.Close()
}

// run looks after what changes, until ctx ends.
func (g guards) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { g.policy.Run(ctx) })
	if g.tls != nil {
		wg.Go(func() { g.tls.Run(ctx) })
	}
	wg.Wait()
}

// openTLS reads the certificate that the settings name, if any.
func openTLS(c *config.Config, log *slog.Logger) (*tlsfile.Pair, error) {
	if c.TLSCertificate == "" {
		return nil, nil
	}
	pair, err := tlsfile.Open(c.TLSCertificate, c.TLSKey, log)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_TLS_CERTIFICATE and ACSAUTH_TLS_KEY: %w", err)
	}
	return pair, nil
}

// tlsConfig is nil without TLS.
func (g guards) tlsConfig() *tls.Config {
	if g.tls == nil {
		return nil
	}
	return g.tls.Config()
}

// openAudit opens the audit log that the settings name, if any.
func openAudit(o Options) (*audit.Log, error) {
	c := o.Config
	if c.Audit == config.Off {
		return nil, nil
	}
	keys, err := c.AuditKeyList()
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_AUDIT_KEYS: %w", err)
	}
	if len(keys) == 0 {
		o.Log.Warn("the audit log has no key: hashes of users differ from start to start, and whoever can write the log can make it anew; set ACSAUTH_AUDIT_KEYS")
	}
	options := audit.Options{Keys: keys, Addresses: c.AuditAddresses, MaxSize: int64(c.AuditFileSize) << 20, Logger: o.Log}
	switch path, ok := c.AuditFile(); {
	case ok:
		options.Path = path
	case c.Audit == config.Stderr:
		options.Writer = o.Stderr
	default:
		options.Writer = o.Stdout
	}
	l, err := audit.Open(options)
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_AUDIT: %w", err)
	}
	return l, nil
}
