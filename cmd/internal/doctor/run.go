package doctor

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	defaultTimeout = 10 * time.Second
	// maxExam bounds all of it, but for the deletion of the canary.
	maxExam = 90 * time.Second
)

// Options of an examination.
type Options struct {
	Sources       config.Sources
	Mode          config.Mode
	AllowLoopback bool // as in service.Options
	// Token is an access token of a user that the service is meant to accept. Empty: none.
	Token string
	// Canary makes one identity, and deletes it.
	Canary bool
	// Timeout bounds one check. Zero: 10 s.
	Timeout time.Duration
}

// An exam is the work on one report.
type exam struct {
	Options
	notes
	cfg    *config.Config
	faulty []string // names of settings with a fault
	pinger service.Pinger
	http   *http.Client
}

// Run examines everything. What depends on something faulty is reported as not checked.
func Run(ctx context.Context, o Options) Report {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, maxExam)
	defer cancel()
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	e := &exam{Options: o, http: newHTTP()}
	defer e.http.CloseIdleConnections()
	cfg, faults := config.Load(o.Sources, o.Mode)
	e.cfg = cfg
	e.settings(faults)
	e.secretFiles()
	e.vault(ctx)
	e.files()
	e.unwise()
	e.pinger = service.Pinger{Config: cfg, AllowLoopback: o.AllowLoopback, Patience: o.Timeout}
	var wg sync.WaitGroup
	wg.Go(func() { e.entra(ctx) })
	wg.Go(func() { e.acs(ctx) })
	wg.Go(func() { e.store(ctx) })
	wg.Go(func() { e.otlp(ctx) })
	wg.Wait()
	return e.report(time.Since(began))
}

// bounded gives one check its time.
func (e *exam) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.Timeout)
}

// vault fetches the secrets that are in Key Vault, without which much else cannot be looked at.
func (e *exam) vault(ctx context.Context) {
	if !e.cfg.Pending() {
		e.skip("secrets.vault", "", "no secret is in Key Vault")
		return
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	if err := stores.Resolve(ctx, e.cfg); err != nil {
		e.faulty = append(e.faulty, "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_STORE_SECRET", "ACSAUTH_CLIENT_SECRET")
		e.bad("secrets.vault", "", Fault, err.Error(), advice{
			"let the identity read secrets (role Key Vault Secrets User), see that the vault's firewall lets this machine in, and that the name is right",
			"az role assignment create --role \"Key Vault Secrets User\" --assignee OBJECT_ID --scope VAULT_ID; ACSAUTH_KEYVAULT_CREDENTIAL"})
		return
	}
	e.ok("secrets.vault", "", "all are fetched")
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
