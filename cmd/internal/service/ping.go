package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// A Pinger asks everything that the service depends on.
type Pinger struct {
	Config        *config.Config // checked
	AllowLoopback bool           // as in Options
	Patience      time.Duration  // for each thing that is asked; zero: 10 s
}

// A Finding is what Ping found out about one thing that the service depends on.
type Finding struct {
	What string
	Note string // what was seen, if all is well
	Err  error  // why it cannot be used
	Took time.Duration
}

// Ping asks one thing after the other. No identity is made and no file is created; a database is opened as at the
// start of the service, which makes its tables if they are missing.
func (p Pinger) Ping(ctx context.Context) []Finding {
	c := p.Config
	var out []Finding
	ask := func(what string, f func(context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Patience, 10*time.Second))
		defer cancel()
		start := time.Now()
		note, err := f(ctx)
		out = append(out, Finding{what, note, err, time.Since(start)})
	}
	if c.Pending() {
		ask("Key Vault", p.pingSecrets)
	}
	for _, s := range keySources(c) {
		ask(s.what, func(ctx context.Context) (string, error) { return p.pingKeys(ctx, s.issuer) })
	}
	ask("Store "+c.Store, func(ctx context.Context) (string, error) { return p.pingStore(ctx) })
	ask("ACS "+c.Endpoint(), p.pingACS)
	return out
}

// pingKeys loads metadata and signing keys of one source.
func (p Pinger) pingKeys(ctx context.Context, issuer authn.Issuer) (string, error) {
	verifier, err := authn.New(authn.Options{Issuers: []authn.Issuer{issuer}, AllowLoopback: p.AllowLoopback})
	if err != nil {
		return "", err
	}
	work, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); verifier.Run(work) }()
	err = waitReady(ctx, verifier)
	stop()
	<-ended
	return "metadata and signing keys loaded", err
}

// pingStore opens the store as the service would, but makes no file.
func (p Pinger) pingStore(ctx context.Context) (string, error) {
	spec := stores.FromConfig(p.Config, p.AllowLoopback, slog.New(slog.DiscardHandler))
	for _, path := range spec.Files() {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		dir := filepath.Dir(path)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return "", fmt.Errorf("the folder %s does not exist", dir)
		}
		return "not there yet, will be created at the first start", nil
	}
	store, err := stores.Open(ctx, spec)
	if errors.Is(err, sqlite.ErrInUse) {
		return "in use by another process, such as a running service", nil
	}
	if err != nil {
		return "", err
	}
	return "opened", errors.Join(store.Ping(ctx), store.Close())
}

// nobody is an identity that no resource has.
const nobody = acsauth.Identity("8:acs:00000000-0000-0000-0000-000000000000_00000000-0000-0000-0000-000000000000")

// pingACS asks for a token for an identity that does not exist. The refusal
// that comes back tells whether the endpoint is there and takes our credential.
func (p Pinger) pingACS(ctx context.Context) (string, error) {
	client, err := newACS(Options{Config: p.Config, AllowLoopback: p.AllowLoopback}, telemetry.NewMetrics(), nil)
	if err != nil {
		return "", err
	}
	_, err = client.IssueToken(ctx, nobody, []acsauth.Scope{acsauth.ScopeChat}, nil)
	if err == nil {
		return "", errors.New("it gave a token for an identity that does not exist")
	}
	e, ok := errors.AsType[*acsidentity.Error](err)
	switch {
	case !ok || e.StatusCode == 0:
		return "", fmt.Errorf("no answer: %w", err)
	case e.Code == acsidentity.CodeDenied || e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusUnauthorized && e.Code == "":
		return "", fmt.Errorf("it refuses our credential: %w", err)
	case e.StatusCode >= 500 || e.StatusCode < 400:
		return "", err
	}
	return fmt.Sprintf("reachable, the credential is accepted (asked about an identity that does not exist: %d %s)", e.StatusCode, e.Code), nil
}
