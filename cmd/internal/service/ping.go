package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
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
	for _, s := range p.KeySources() {
		ask(s.What, func(ctx context.Context) (string, error) { return p.Keys(ctx, s) })
	}
	ask("Store "+c.Store, func(ctx context.Context) (string, error) { return p.pingStore(ctx) })
	ask("ACS "+c.Endpoint(), p.pingACS)
	return out
}

// Keys loads metadata and signing keys of one source, as the service does.
func (p Pinger) Keys(ctx context.Context, s KeySource) (string, error) {
	verifier, err := authn.New(authn.Options{Issuers: []authn.Issuer{s.issuer}, AllowLoopback: p.AllowLoopback})
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

// pingACS asks for a token for an identity that does not exist. The refusal
// that comes back tells whether the endpoint is there and takes our credential.
func (p Pinger) pingACS(ctx context.Context) (string, error) {
	client, err := p.ACSClient(0)
	if err != nil {
		return "", err
	}
	e, err := AskACS(ctx, client)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("reachable, the credential is accepted (asked about an identity that does not exist: %d %s)", e.StatusCode, e.Code), nil
}
