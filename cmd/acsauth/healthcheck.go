package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	healthTimeout = 3 * time.Second // the server gives its checks two
	maxHealth     = 4 << 10
)

type healthcheckCommand struct {
	Config string `help:"File with settings, the one that serve was given." placeholder:"FILE"`
	Listen string `help:"Address and port that the service listens on, as ACSAUTH_LISTEN." placeholder:"HOST:PORT"`
}

// Help is shown by acsauth healthcheck --help.
func (healthcheckCommand) Help() string {
	return "It asks /readyz where ACSAUTH_LISTEN says, over TLS if ACSAUTH_TLS_CERTIFICATE is set: for containers, which have no other program to do so. " +
		"It needs the environment that the service has. Faults in other settings do not count, since the service may have started before they came.\n\n" +
		"Exit codes: 0 ready, 1 not ready or no answer, 2 the address or the certificate cannot be used."
}

// Run asks once.
func (k *healthcheckCommand) Run(c cli.Call) error {
	cfg, _ := config.Load(cli.Settings{Config: k.Config, Listen: k.Listen}.Sources(c.Env), config.Production) // see Help
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return cli.Misused(fmt.Errorf("ACSAUTH_LISTEN: %w", err))
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme, trust := "http", (*tls.Config)(nil)
	if cfg.TLSCertificate != "" {
		scheme = "https"
		if trust, err = trustFile(cfg.TLSCertificate); err != nil {
			return cli.Misused(fmt.Errorf("ACSAUTH_TLS_CERTIFICATE: %w", err))
		}
	}
	return askReady(c.Context, scheme+"://"+net.JoinHostPort(host, port)+"/readyz", trust)
}

// trustFile trusts the certificates of a file, and none else, for a name that the first of them has.
func trustFile(path string) (*tls.Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	first, err := firstCertificate(text)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		return nil, errors.Join(errors.New("no certificate can be read from "+path), err)
	}
	name := ""
	switch {
	case len(first.DNSNames) > 0:
		name = strings.Replace(first.DNSNames[0], "*", "healthcheck", 1)
	case len(first.IPAddresses) > 0:
		name = first.IPAddresses[0].String()
	default:
		return nil, errors.New(path + " names no host; clients refuse it, too")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: name}, nil
}

// askReady wants 200 of the URL.
func askReady(ctx context.Context, url string, trust *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// No proxy: what is asked is this machine. No redirect: the service has none.
	transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the service does not answer at %s: %w", url, err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var answer struct{ Failing []string }
	if json.NewDecoder(io.LimitReader(res.Body, maxHealth)).Decode(&answer) != nil || len(answer.Failing) == 0 {
		return fmt.Errorf("the service answers %s", res.Status)
	}
	return fmt.Errorf("the service is not ready: %q", answer.Failing)
}

// firstCertificate is that of the server itself; those of its issuers come after it.
func firstCertificate(text []byte) (*x509.Certificate, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("no PEM")
		}
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
}
