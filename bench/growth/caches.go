package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/storebench"
	"golang.org/x/sync/errgroup"
)

// acsTokenBytes is the length of a token of ACS as the real service makes them, about.
const acsTokenBytes = 1024

// caches measures what the caches behind the broker hold for many users. Over
// HTTP a million would take hours of signing; here the broker is in this
// process, its rows are there already, and ACS is a function.
func (b *bench) caches(ctx context.Context) error {
	rows := [][]string{{"active users", "tokens held", "live heap MiB", "live bytes a user", "beyond the token of ACS", "compared"}}
	first := 0.0
	for _, users := range b.cached {
		heap, held, err := b.hold(ctx, users)
		if err != nil {
			return err
		}
		each := float64(heap)/float64(users) - acsTokenBytes
		if first == 0 {
			first = each
		}
		rows = append(rows, []string{dev.Count(users), dev.Count(held), mib(float64(heap)), dev.Count(each + acsTokenBytes), dev.Count(each), dev.Ratio(each, first)})
	}
	return dev.WriteTable(b.out, "Memory of the caches", rows, fmt.Sprintf("The tokens of ACS and the mappings that a broker on SQLite keeps, in the process that measures; each user asked for a token once. ACS is a function; its tokens have %d bytes. "+
		"The heap after two collections, less what there was before. Verified tokens are not among it; the table of memory has them.", acsTokenBytes))
}

// hold has users get a token each and returns by how much the heap grew, and how many tokens are held.
func (b *bench) hold(ctx context.Context, users int) (heap int64, held int, err error) {
	path, err := b.filled(ctx, users)
	if err != nil {
		return 0, 0, err
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	brk, stop, err := newBroker(ctx, store)
	if err != nil {
		return 0, 0, err
	}
	defer stop()
	// The first calls make what does not grow: connections, statements, and the cache's own tables.
	if err := issueAll(ctx, brk, users/100); err != nil {
		return 0, 0, err
	}
	before, few := live(), users/100
	if err := issueAll(ctx, brk, users); err != nil {
		return 0, 0, err
	}
	grown := live() - before
	return grown * int64(users) / int64(users-few), brk.TokenStats().Entries, nil
}

// newBroker is a broker as the service makes it, with room for all tokens. stop ends its work.
func newBroker(ctx context.Context, store acsauth.Store) (brk *broker.Broker, stop func(), err error) {
	options := &acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: cannedACS{}}}
	acs, err := acsidentity.NewClientFromConnectionString("endpoint=https://acsauth-bench.communication.azure.com/;accesskey=YmVuY2g=", options)
	if err != nil {
		return nil, nil, err
	}
	mappings, err := mapcache.New(mapcache.Options{Max: 2_000_000, For: 5 * time.Minute})
	if err != nil {
		return nil, nil, err
	}
	brk, err = broker.New(broker.Options{
		Store: store, ACS: acs, Resource: storebench.Resource, Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP},
		TokenBytes: 64 << 30, Mappings: mappings,
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		brk.Run(ctx)
	}()
	return brk, func() { cancel(); <-done }, nil
}

func issueAll(ctx context.Context, brk *broker.Broker, users int) error {
	const callers = 8
	g, ctx := errgroup.WithContext(ctx)
	for first := range callers {
		g.Go(func() error {
			for i := first; i < users; i += callers {
				caller := acsauth.Caller{Key: storebench.Key(int64(i)), Expires: time.Now().Add(time.Hour)}
				if _, err := brk.IssueToken(ctx, caller, broker.TokenRequest{MaxLifetime: time.Hour}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// live is the heap in use after two collections: the first may leave what has a finalizer.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A cannedACS issues tokens without a network.
type cannedACS struct{}

func (cannedACS) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/:issueAccessToken") {
		return nil, fmt.Errorf("%s %s was not expected: all users have an identity", r.Method, r.URL.Path)
	}
	body := fmt.Sprintf(`{"token":"%s","expiresOn":"%s"}`, strings.Repeat("t", acsTokenBytes), time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339))
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}
