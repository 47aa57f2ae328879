package storetest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/storetest"
)

const resource = "11111111-2222-3333-4444-555555555555"

// slowACS makes and deletes identities, each in 20 ms.
type slowACS struct{ made, deleted atomic.Int64 }

// Do is the wire to it.
func (a *slowACS) Do(req *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	status, body := http.StatusNoContent, ""
	if req.Method == http.MethodPost {
		status, body = http.StatusCreated, fmt.Sprintf(`{"identity":{"id":"8:acs:%s_user-%d"}}`, resource, a.made.Add(1))
	} else {
		a.deleted.Add(1)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// replica is a broker of its own on a store whose calls take 50 ms.
func replica(t *testing.T, store acsauth.Store, acs *slowACS) *broker.Broker {
	t.Helper()
	client, err := acsidentity.NewClientFromConnectionString("endpoint=https://acs.example;accesskey=c2VjcmV0",
		&acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: acs}})
	if err != nil {
		t.Fatal(err)
	}
	slow := storetest.NewFaulty(store, nil)
	slow.SlowBy(func() time.Duration { return 50 * time.Millisecond })
	b, err := broker.New(broker.Options{Store: slow, ACS: client, Resource: resource, Scopes: []acsauth.Scope{acsauth.ScopeChat}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBrokerOnSlowStore: four replicas on a slow store make one identity for a
// user whom all of them meet at once, take it away again, and have nothing to write down.
func TestBrokerOnSlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, acs := storetest.NewMemory(), &slowACS{}
		caller := acsauth.Caller{Key: acsauth.UserKey{Issuer: "https://login.example/v2.0", Subject: "alice"}, Kind: acsauth.User}
		seen := make([]acsauth.Identity, 16)
		var callers sync.WaitGroup
		var last *broker.Broker
		for i := range 4 {
			b := replica(t, store, acs)
			for j := range 4 {
				callers.Go(func() {
					id, _, err := b.EnsureIdentity(t.Context(), caller)
					if err != nil {
						t.Errorf("EnsureIdentity: %v", err)
					}
					seen[4*i+j] = id
				})
			}
			last = b
		}
		start := time.Now()
		callers.Wait()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("EnsureIdentity took %v with calls of 50 ms", took)
		}
		for _, id := range seen {
			if id != seen[0] || id == "" {
				t.Errorf("one caller sees %q, another %q", seen[0], id)
			}
		}
		if c, err := store.Counts(t.Context()); err != nil || acs.made.Load() != 1 || c != (acsauth.Counts{Active: 1}) {
			t.Errorf("%d identities were made; the store holds %+v, %v", acs.made.Load(), c, err)
		}
		if done, err := last.DeleteIdentity(t.Context(), caller); !done || err != nil {
			t.Errorf("DeleteIdentity: %t, %v", done, err)
		}
		if c, err := store.Counts(t.Context()); err != nil || acs.deleted.Load() != 1 || c != (acsauth.Counts{}) {
			t.Errorf("%d identities were deleted; the store holds %+v, %v", acs.deleted.Load(), c, err)
		}
	})
}
