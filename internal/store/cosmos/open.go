package cosmos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/acs-solutions/acsauth"
)

const (
	// verbLimit bounds a method, retries included.
	verbLimit = 30 * time.Second
	// closeLimit is how long Close waits for calls under way before it ends them.
	closeLimit = 5 * time.Second
)

var (
	// errClosed is the error of every call after Close.
	errClosed = errors.New("store is closed")
	// errForeign is the error of a container that is not as it must be.
	errForeign = errors.New("the container cannot be used")
)

var (
	_ acsauth.Store  = (*Store)(nil)
	_ acsauth.Lister = (*Store)(nil)
	_ acsauth.Finder = (*Store)(nil)
)

// A Store keeps mappings in one container. See the package comment.
type Store struct {
	client   *azcosmos.Client
	items    *azcosmos.ContainerClient
	gate     *gate
	idle     func() // closes idle connections
	log      *slog.Logger
	database string // random id of the container, part of cursors
	hints    *hints

	life context.Context // ends with the store
	end  context.CancelFunc

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup
}

// Open opens the container. With a key it creates it, and its database, if
// there is none. It refuses accounts and containers that do not keep the
// promises of a store, and says what to change.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("cosmos: cannot open: %w", err)
	}
	s, err := newStore(o)
	if err != nil {
		return nil, fmt.Errorf("cosmos: cannot open: %w", err)
	}
	opening, cancel := context.WithTimeout(ctx, verbLimit)
	defer cancel()
	stop := context.AfterFunc(opening, s.end) // the SDK asks about the account with a context of its own
	if err := s.prepare(opening, o); err != nil || !stop() {
		if ended := opening.Err(); ended != nil {
			err = ended
		}
		_ = s.Close() // nothing is under way
		return nil, fmt.Errorf("cosmos: cannot open container %q of database %q: %w", o.Container, o.Database, err)
	}
	if a := s.gate.account.Load(); a.level == session {
		o.Log.WarnContext(ctx, "the account has session consistency: each read of a row costs a write; bounded staleness is cheaper", "store", "cosmos")
	}
	return s, nil
}

func newStore(o Options) (*Store, error) {
	s := &Store{log: o.Log, idle: func() {}, hints: newHints()}
	s.life, s.end = context.WithCancel(context.Background())
	transport := o.Transport
	if transport == nil {
		transport, s.idle = newTransport()
	}
	s.gate = &gate{next: transport, life: s.life, allowSession: o.AllowSession}
	s.gate.account.Store(&account{err: errors.New("the account is not known yet")})
	options := &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1}, // a write is sent once; reads are repeated by us
		Transport: s.gate,
		Telemetry: policy.TelemetryOptions{ApplicationID: "acsauth"},
	}} // no preferred regions: the SDK then reads from the write region
	var err error
	if o.Credential != nil {
		s.client, err = azcosmos.NewClient(o.Endpoint, o.Credential, options)
	} else {
		var key azcosmos.KeyCredential
		if key, err = azcosmos.NewKeyCredential(o.Key); err != nil {
			return nil, errors.New("the key is not base64")
		}
		s.client, err = azcosmos.NewClientWithKey(o.Endpoint, key, options)
	}
	if err != nil {
		return nil, errors.New("the client cannot be made of these options")
	}
	s.items, err = s.client.NewContainer(o.Database, o.Container)
	return s, err
}

// begin admits a call: it refuses one whose ctx has ended or that comes after Close,
// and bounds the others. done must be called when it is over.
func (s *Store) begin(ctx context.Context) (bound context.Context, done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errClosed
	}
	s.calls.Add(1)
	bound, cancel := context.WithTimeout(ctx, verbLimit)
	stop := context.AfterFunc(s.life, cancel)
	return bound, func() {
		stop()
		cancel()
		s.calls.Done()
	}, nil
}

// do is a method: it admits the call, and tells whose error it was.
func (s *Store) do(ctx context.Context, verb string, call func(ctx context.Context) error) error {
	bound, done, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("cosmos: %s: not begun: %w", verb, err)
	}
	defer done()
	err = call(bound)
	switch {
	case err == nil, errors.Is(err, acsauth.ErrConflict), errors.Is(err, acsauth.ErrNotFound):
		return err
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return fmt.Errorf("cosmos: %s: %w: %w", verb, ctx.Err(), err)
	case ctx.Err() == nil && s.life.Err() != nil:
		return fmt.Errorf("cosmos: %s: %w meanwhile: %w", verb, errClosed, err)
	}
	return fmt.Errorf("cosmos: %s: %w", verb, err)
}

// Close waits for the calls under way, at most five seconds, and ends those that are left.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		return nil
	}
	over := make(chan struct{})
	go func() {
		s.calls.Wait()
		close(over)
	}()
	timer := time.NewTimer(closeLimit)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	}
	s.end()
	<-over
	s.client.Close()
	s.idle()
	return nil
}
