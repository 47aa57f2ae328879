package tables

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

const (
	// verbLimit bounds a method, retries included. safeAge rests on it.
	verbLimit = 30 * time.Second
	// closeLimit is how long Close waits for calls under way before it ends them.
	closeLimit = 5 * time.Second
	// maxCleaners is how many entries of indexes are removed at once, behind the back of the callers.
	maxCleaners = 16
)

var (
	// errClosed is the error of every call after Close.
	errClosed = errors.New("store is closed")
	// errForeign is the error of a table that is not ours, or not of this version.
	errForeign = errors.New("the table cannot be used")
)

var (
	_ acsauth.Store  = (*Store)(nil)
	_ acsauth.Lister = (*Store)(nil)
	_ acsauth.Finder = (*Store)(nil)
)

// A Store keeps mappings in one table. See the package comment.
type Store struct {
	client   *aztables.Client
	idle     func() // closes idle connections
	log      *slog.Logger
	database string        // random id of the table, part of cursors
	safeAge  time.Duration // see the constant; tests change it
	settled  *settled
	cleaners chan struct{}

	life context.Context // ends with the store
	end  context.CancelFunc

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // methods and cleaners
}

// Open opens the table, and creates it if there is none and the credential may.
// It refuses a table of another program.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("tables: cannot open: %w", err)
	}
	s, err := newStore(o)
	if err != nil {
		return nil, fmt.Errorf("tables: cannot open: %w", err)
	}
	opening, cancel := context.WithTimeout(ctx, verbLimit)
	defer cancel()
	if err := s.prepare(opening, o); err != nil {
		_ = s.Close() // nothing is under way
		return nil, fmt.Errorf("tables: cannot open table %q: %w", o.Table, err)
	}
	return s, nil
}

func newStore(o Options) (*Store, error) {
	s := &Store{log: o.Log, idle: func() {}, safeAge: safeAge, settled: newSettled(), cleaners: make(chan struct{}, maxCleaners)}
	transport := o.Transport
	if transport == nil {
		transport, s.idle = newTransport()
	}
	options := &aztables.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry:           once(),
		Transport:       bounded{transport},
		Telemetry:       policy.TelemetryOptions{ApplicationID: "acsauth"},
		PerCallPolicies: []policy.Policy{batchPolicy{}},
	}}
	var service *aztables.ServiceClient
	endpoint := strings.TrimRight(o.Endpoint, "/")
	if o.Credential != nil {
		var err error
		if service, err = aztables.NewServiceClient(endpoint, o.Credential, options); err != nil {
			return nil, err
		}
	} else {
		key, err := aztables.NewSharedKeyCredential(o.AccountName, o.AccountKey)
		if err != nil {
			return nil, errors.New("the account key is not base64")
		}
		if service, err = aztables.NewServiceClientWithSharedKey(endpoint, key, options); err != nil {
			return nil, err
		}
	}
	s.client = service.NewClient(o.Table)
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// prepare finds the table, or makes it.
func (s *Store) prepare(ctx context.Context, o Options) (err error) {
	s.database, err = s.readSchema(ctx)
	if isFault(err, http.StatusNotFound, "TableNotFound") {
		if err := s.createTable(ctx, o); err != nil {
			return err
		}
		s.database, err = s.readSchema(ctx)
	}
	if absent(err) {
		s.database, err = s.writeSchema(ctx)
	}
	if err != nil {
		return explain(err, o)
	}
	return nil
}

func (s *Store) createTable(ctx context.Context, o Options) error {
	_, err := s.client.CreateTable(ctx, nil)
	err = plain(err)
	switch {
	case isFault(err, http.StatusConflict, "TableAlreadyExists"):
		return nil
	case isFault(err, http.StatusForbidden, ""):
		return fmt.Errorf("there is no such table and the credential may not create it: create it, or give the role Storage Table Data Contributor for the whole account: %w", err)
	case isFault(err, http.StatusConflict, "TableBeingDeleted"):
		return fmt.Errorf("a table of this name is being deleted: try again in a minute: %w", err)
	case err != nil:
		return explain(err, o)
	}
	return nil
}

const schemaVersion = 1

// readSchema checks the mark that says that the table is ours, and returns its id.
func (s *Store) readSchema(ctx context.Context) (database string, err error) {
	r, err := s.get(ctx, metaPartition, schemaRow)
	if err != nil {
		return "", err
	}
	version, _ := r.Properties["Version"].(int32)
	id, _ := r.Properties["Database"].(string)
	if version != schemaVersion || len(id) != databaseLen {
		return "", fmt.Errorf("%w: it has schema version %d and this program knows version %d", errForeign, version, schemaVersion)
	}
	return id, nil
}

// writeSchema marks an empty table as ours.
func (s *Store) writeSchema(ctx context.Context) (database string, err error) {
	empty := true
	_, _, err = s.query(ctx, "", 2, func(e aztables.EDMEntity) (bool, error) {
		empty = empty && e.PartitionKey == metaPartition
		return empty, nil
	})
	if err != nil {
		return "", err
	}
	if !empty {
		return "", fmt.Errorf("%w: it holds entities of another program", errForeign)
	}
	content, err := entity(metaPartition, schemaRow, map[string]any{"Version": schemaVersion, "Database": rand.Text()[:databaseLen]})
	if err != nil {
		return "", err
	}
	if _, err := s.add(ctx, content); err != nil && !exists(err) {
		return "", err
	}
	return s.readSchema(ctx)
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

// later does some cleaning that nobody waits for. When there is much to do it
// leaves some of it to be found later.
func (s *Store) later(clean func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	select {
	case s.cleaners <- struct{}{}:
	default:
		return
	}
	s.calls.Go(func() {
		defer func() { <-s.cleaners }()
		ctx, cancel := context.WithTimeout(s.life, writeTry)
		defer cancel()
		clean(ctx)
	})
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
	s.idle()
	return nil
}

// Ping implements [acsauth.Store]: it reads the mark of the table.
func (s *Store) Ping(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("tables: ping: %w", err)
	}
	defer done()
	id, err := s.readSchema(ctx)
	if err == nil && id != s.database {
		err = errors.New("the table was replaced by another one while it was open")
	}
	if err != nil {
		return fmt.Errorf("tables: ping: %w", err)
	}
	return nil
}
