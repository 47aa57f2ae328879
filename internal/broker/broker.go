package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// Options are what a Broker works with.
type Options struct {
	// Store keeps the mappings. Required.
	Store acsauth.Store
	// ACS is the client of the one ACS resource. Required.
	ACS *acsidentity.Client
	// Resource names the ACS resource in every row; rows of another name are
	// refused before any call. If it is a GUID, new identities must carry it. Required.
	Resource string
	// Scopes are the scopes a token carries, and the most that a request may ask for. Required.
	Scopes []acsauth.Scope
	// CustomIDs sends the attempt id as customId with each create (preview
	// api-version 2025-03-02-preview), so that the sweeper can find and delete
	// what a lost answer left behind. Off by default.
	CustomIDs bool
	// Rehome gives a user whose identity belongs to another resource a new one
	// here. The old identity is written down in the journal and left alone.
	// Off: such a user is refused.
	Rehome bool
	// Adopt returns the identity that another place holds for a user without a
	// row here, or "". It is taken over if ACS gives tokens for it and no other user has it. Nil: nothing is taken over.
	Adopt func(context.Context, acsauth.UserKey) (acsauth.Identity, error)
	// MayCreate is asked once for each user for whom an identity is about to be
	// made, and says how long to wait if it is too soon. Nil: always at once.
	MayCreate func(acsauth.UserKey) (wait time.Duration, ok bool)
	// TokenBytes is the room for tokens that are kept to be handed out again, about, in bytes. Zero: none is kept.
	TokenBytes int64
	// InsertOnly says that the store cannot replace an Active row by another (see
	// [acsauth.Store]). Then a revocation leaves no trace in it, and TokenBytes must be zero.
	InsertOnly bool
	// Quota keeps the calls of ACS below its limits; its policy stands in the pipeline of ACS. Nil: nothing is counted.
	Quota *quota.Governor
	// Mappings are rows that were read a short while ago; the Broker drops what it changes. Nil: each call reads the store.
	Mappings *mapcache.Cache
	// Now is the clock that tokens expire by. Nil: time.Now. For emulators with a clock of their own.
	Now func() time.Time
	// Log receives one line for each event. Nil: no log.
	Log *slog.Logger
	// Observe is told each event. It must not block. Nil: nobody is told.
	Observe func(Event)
}

// A Broker keeps one identity for each user and issues tokens for it. Its
// methods may be called at once.
type Broker struct {
	store     acsauth.Store
	acs       *acsidentity.Client
	resource  string
	scopes    []acsauth.Scope
	customIDs bool
	rehome    bool
	adoptFrom func(context.Context, acsauth.UserKey) (acsauth.Identity, error)
	mayCreate func(acsauth.UserKey) (time.Duration, bool)
	log       *slog.Logger
	observe   func(Event)

	insertOnly bool
	now        func() time.Time
	issued     *issued
	mappings   *mapcache.Cache
	quota      *quota.Governor

	timing   timing
	mistakes mistakes
	holder   string // of the sweeper's lock
	ensures  singleflight.Group
	issues   singleflight.Group
	// exchanges are those of Teams users' tokens.
	exchanges singleflight.Group
	hold      hold
	// owned is the resource part of an identity that ACS accepted from us.
	owned atomic.Pointer[string]
}

// New checks the options and returns a Broker. Run must be called for the sweeper.
func New(o Options) (*Broker, error) {
	switch {
	case o.Store == nil || o.ACS == nil:
		return nil, errors.New("broker: Store and ACS are required")
	case o.Resource == "" || len(o.Resource) > 256:
		return nil, errors.New("broker: Resource must have 1 to 256 bytes")
	case o.TokenBytes < 0 || o.InsertOnly && o.TokenBytes != 0:
		return nil, errors.New("broker: TokenBytes must not be negative, and zero with InsertOnly")
	case len(o.Scopes) == 0:
		return nil, errors.New("broker: Scopes must not be empty")
	}
	for _, s := range o.Scopes {
		if !slices.Contains(acsauth.AllScopes(), s) {
			return nil, errors.New("broker: unknown scope " + string(s))
		}
	}
	b := &Broker{
		store: o.Store, acs: o.ACS, resource: o.Resource, scopes: normalScopes(o.Scopes), customIDs: o.CustomIDs, rehome: o.Rehome, adoptFrom: o.Adopt, mayCreate: o.MayCreate,
		insertOnly: o.InsertOnly, now: o.Now, mappings: o.Mappings, quota: o.Quota, log: o.Log, observe: o.Observe, timing: defaultTiming(), holder: uuid.NewString(),
	}
	if b.now == nil {
		b.now = time.Now
	}
	var err error
	if b.issued, err = newIssued(o.TokenBytes, b.now); err != nil {
		return nil, err
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if guid(o.Resource) {
		b.owned.Store(&o.Resource)
	}
	return b, nil
}

// LookupIdentity returns the identity of the caller. Code: identity_not_found.
func (b *Broker) LookupIdentity(ctx context.Context, caller acsauth.Caller) (acsauth.Identity, error) {
	const op = "broker.LookupIdentity"
	ctx, span := tracing.Start(ctx, op)
	h, err := b.lookUp(ctx, op, caller.Key, b.read)
	span.End(err)
	return h.id, err
}

// lookUp finds the identity of a user; first is the first read.
func (b *Broker) lookUp(ctx context.Context, op string, key acsauth.UserKey, first func(context.Context, acsauth.UserKey) (acsauth.Mapping, error)) (held, error) {
	row, err := first(ctx, key)
	if errors.Is(err, acsauth.ErrNotFound) && b.adoptFrom != nil {
		id, err := b.adopt(ctx, op, key)
		if id != "" || err != nil && !errors.Is(err, errAgain) {
			return held{id: id}, err
		}
		row, err = b.read(ctx, key)
		return b.found(op, row, err)
	}
	return b.found(op, row, err)
}

// found answers a look-up from what the store said.
func (b *Broker) found(op string, row acsauth.Mapping, err error) (held, error) {
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		return held{}, notFound(op)
	case err != nil:
		return held{}, storeError(op, err)
	case row.Resource != b.resource && !b.rehome:
		return held{}, anotherResource(op)
	case row.State != acsauth.Active || row.Resource != b.resource:
		return held{}, notFound(op)
	}
	return held{id: row.Identity, attempt: row.Attempt}, nil
}

// landed turns a panic of a shared flight into an error of each that waits: the
// flight has a goroutine of its own, so no handler above could recover it. The
// value is not logged: it may hold data of a request.
func (b *Broker) landed(ctx context.Context, op string, err *error) {
	p := recover()
	if p == nil {
		return
	}
	b.log.ErrorContext(ctx, "panic", "op", op, "value", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	*err = &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: op, Err: errors.New("panic in a flight")}
}

// errOtherRow must never happen: a store gave out somebody else's row.
var errOtherRow = errors.New("broker: the store returned the row of another key")

// read reads the row of key, and of no other.
func (b *Broker) read(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	row, err := b.store.Get(ctx, key)
	if err == nil && row.Key != key {
		return acsauth.Mapping{}, errOtherRow
	}
	return row, err
}

// glance is read, but for a row that was read a short while ago. It serves for tokens only: an identity is shown, and written, by a read of the store.
func (b *Broker) glance(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	if row, ok := b.mappings.Get(key); ok {
		return row, nil
	}
	reading := b.mappings.Reading(key)
	row, err := b.read(ctx, key)
	if err == nil {
		reading.Put(row)
	}
	return row, err
}

func guid(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

// learn remembers which resource ACS takes for ours.
func (b *Broker) learn(id acsauth.Identity) {
	if r := id.Resource(); r != "" && b.owned.Load() == nil {
		b.owned.Store(&r)
	}
}

// owns reports whether id is known to belong to the resource that we call.
func (b *Broker) owns(id acsauth.Identity) bool {
	r := b.owned.Load()
	return r != nil && *r == id.Resource()
}
