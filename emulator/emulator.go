package emulator

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
	"github.com/acs-solutions/acsauth/emulator/internal/entra"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// Emulator is the emulated services and their listeners. Make one with [New] or [Start].
type Emulator struct {
	options Options
	dir     *entra.Directory
	entra   *entra.Service
	graph   *graph.Service
	acs     *acs.Service
	certs   *certificates
	lock    *flock.Flock // of the folder of the options; nil: none
	log     *requestLog
	faults  faults
	handler http.Handler
	clock   *shiftedClock
	closing chan struct{} // closed by Close

	rehearsals rehearsals
	exchange   sync.Mutex // held while the whole state is read or replaced

	mu      sync.Mutex
	state   lifeState
	plain   *listener
	tls     *listener
	admin   *listener
	serving sync.WaitGroup
}

type lifeState int

const (
	stateNew lifeState = iota
	stateStarted
	stateClosed
)

// New makes an emulator that does not listen yet. It fails on options that are not valid, and where the environment
// looks like a cloud.
func New(o Options) (*Emulator, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	clock := &shiftedClock{base: o.Now}
	o.Now = clock.now
	e := &Emulator{
		options: o, dir: directory(o.AccessTokenVersion), log: newRequestLog(o.Now), clock: clock, closing: make(chan struct{}),
	}
	e.faults.rules.now = o.Now
	if e.lock, err = openDataDir(o.DataDir); err != nil {
		return nil, err
	}
	if err := e.open(); err != nil {
		return nil, errors.Join(err, e.unlock())
	}
	e.handler = e.newRouter()
	return e, nil
}

// open makes the services and reads what is kept.
func (e *Emulator) open() (err error) {
	o := e.options
	if e.certs, err = openCertificates(o.DataDir, o.certificateHosts()); err != nil {
		return err
	}
	e.entra, err = entra.New(entra.Options{Directory: e.dir, Now: o.Now, Log: o.Log, TokenLifetime: o.TokenLifetime, Loose: o.Loose})
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if o.PublicURL != "" {
		e.entra.SetBase(o.PublicURL)
	}
	if e.acs, err = e.newACS(); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	e.graph = graph.New(graph.Options{
		Verify: e.entra.Verify, Users: e.dir.UserByID, All: e.dir.Listed, Now: o.Now, Log: o.Log, Done: e.closing,
		Fault: func(op string) graph.Fault { return e.faults.next(graphPrefix + op).graph() },
	})
	if err := e.loadState(); err != nil {
		return errors.Join(err, e.acs.Close())
	}
	return errors.Join(e.SetGraph(o.Graph), e.SetEntra(EntraObstacle{}))
}

// newACS makes the emulated ACS resource.
func (e *Emulator) newACS() (*acs.Service, error) {
	o := acs.Options{
		ResourceID: ResourceID, Tenant: TenantID, Keys: [2]string{AccessKeyPrimary, AccessKeySecondary},
		Verify: e.entra.Verify, Now: e.options.Now, Log: e.options.Log,
		Fault:     func(op string) acs.Fault { return e.faults.next(op).acs() },
		Licensed:  func(oid string) bool { u, ok := e.dir.UserByID(oid); return ok && u.TeamsLicense },
		Groups:    func(oid string) []string { u, _ := e.dir.UserByID(oid); return u.Groups },
		Resources: []acs.Resource{{ID: OtherResourceID, Keys: [2]string{OtherAccessKey}}},
		Behaviour: acs.Behaviour{Loose: e.options.Loose},
	}
	if e.options.ServiceLimits {
		o.Limits = acs.ServiceLimits()
	}
	if e.options.DataDir != "" {
		o.DataFile = filepath.Join(e.options.DataDir, "acs.json")
	}
	return acs.New(o)
}

// Handler serves Entra ID, Graph and ACS on one root, as the protocol listeners do. Without [Emulator.Start], set
// [Options].PublicURL: the issuer is http://emulator.invalid otherwise.
func (e *Emulator) Handler() http.Handler { return e.handler }

// Start opens the listeners and serves until Close. It can be called once.
func (e *Emulator) Start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != stateNew {
		return errors.New("emulator: Start was called before, or the emulator is closed")
	}
	if err := e.listen(); err != nil {
		for _, l := range []*listener{e.plain, e.tls, e.admin} {
			l.abandon()
		}
		e.plain, e.tls, e.admin = nil, nil, nil
		return err
	}
	if e.options.PublicURL == "" {
		e.entra.SetBase(e.plain.url)
	}
	e.state = stateStarted
	for _, l := range []*listener{e.plain, e.tls, e.admin} {
		if l != nil {
			e.serving.Go(func() { l.serve(e.options.Log) })
		}
	}
	return nil
}

// listen opens what the options ask for.
func (e *Emulator) listen() (err error) {
	if e.plain, err = newListener(e.options.Listen, e.handler, nil); err != nil {
		return err
	}
	if e.options.ListenTLS != "" {
		if e.tls, err = newListener(e.options.ListenTLS, e.handler, e.certs.config()); err != nil {
			return err
		}
	}
	if e.options.ListenAdmin != "none" {
		e.admin, err = newListener(e.options.ListenAdmin, e.newAdmin(), nil)
	}
	return err
}

// Close stops the listeners, waits for their goroutines and writes what is kept. It may be called more than once.
func (e *Emulator) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == stateClosed {
		return nil
	}
	e.state = stateClosed
	close(e.closing)
	var wg sync.WaitGroup
	for _, l := range []*listener{e.plain, e.tls, e.admin} {
		if l != nil {
			wg.Go(l.close)
		}
	}
	wg.Wait()
	e.serving.Wait()
	return errors.Join(e.saveState(), e.acs.Close(), e.unlock())
}

// Reset puts everything back as it was at the start: it ends all sessions, codes and refresh tokens, deletes identities and
// extensions, clears counters, faults and the list of requests, ends rehearsals, and puts back the clock, the access keys and
// how the services behave. Signing keys stay, so access tokens that were issued stay valid.
func (e *Emulator) Reset() {
	e.rehearsals.mu.Lock() // before e.exchange: a rehearsal that rolls keys saves the state
	defer e.rehearsals.mu.Unlock()
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.rehearsals.runs = nil
	e.clock.offset.Store(0)
	e.entra.Reset()
	e.graph.Reset()
	e.acs.Reset()
	err := errors.Join(e.SetEntra(EntraObstacle{}), e.SetGraph(e.options.Graph), e.restoreKey(PrimaryKey), e.restoreKey(SecondaryKey))
	if err != nil {
		e.options.Log.Error("emulator: reset", "error", err)
	}
	e.log.reset()
	e.faults.reset()
}

// RotateKeys starts to sign with the next key. The keys before stay published, two at a time; with drop they disappear,
// and tokens signed by them stop to verify. It is as slow as making an RSA key.
func (e *Emulator) RotateKeys(drop bool) error {
	if err := e.entra.RotateKeys(drop); err != nil {
		return err
	}
	return e.saveState()
}

// Counters are the counters of each service by name. Entra counts discovery, keys, keys.rotate, authorize, login, logout,
// minted, refused, and token.authorization_code, token.refresh_token, token.client_credentials and token.jwt-bearer once the
// client has proved who it is. Graph and ACS count by operation. A name that is absent is 0.
type Counters struct {
	Entra map[string]int64 `json:"entra"`
	Graph map[string]int64 `json:"graph"`
	ACS   map[string]int64 `json:"acs"`
}

// Counters returns how often each thing happened since the start or the last [Emulator.Reset].
func (e *Emulator) Counters() Counters {
	return Counters{Entra: e.entra.Counters(), Graph: maps.Clone(e.graph.Counters()), ACS: maps.Clone(e.acs.Counters())}
}
