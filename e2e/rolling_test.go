package e2e

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/parts"
)

// A balancer sends requests to the replicas that say they are ready, in turn,
// over connections that it keeps, and repeats none. It is what an ingress does.
type balancer struct {
	mu       sync.Mutex
	replicas map[*process]bool // ready?
	next     int
	lost     atomic.Int64 // requests that a replica did not answer
	proxies  sync.Map     // by process
}

// probeEvery is how often a replica is asked; a balancer looks away after the first no.
const probeEvery = 100 * time.Millisecond

func (b *balancer) add(p *process) {
	target, _ := url.Parse(p.Server)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		b.lost.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}
	b.proxies.Store(p, proxy)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas[p] = false
}

func (b *balancer) remove(p *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.replicas, p)
}

// run asks the replicas until ctx ends.
func (b *balancer) run(ctx context.Context) {
	probe := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		b.mu.Lock()
		list := maps.Clone(b.replicas)
		b.mu.Unlock()
		for p := range list {
			res, err := probe.Get(p.Server + "/readyz")
			ready := err == nil && res.StatusCode == http.StatusOK
			if err == nil {
				res.Body.Close()
			}
			b.mu.Lock()
			if _, still := b.replicas[p]; still {
				b.replicas[p] = ready
			}
			b.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ready counts the replicas that get requests.
func (b *balancer) ready() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ready := range b.replicas {
		if ready {
			n++
		}
	}
	return n
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	var list []*process
	for p, ready := range b.replicas {
		if ready {
			list = append(list, p)
		}
	}
	b.next++
	n := b.next
	b.mu.Unlock()
	if len(list) == 0 {
		b.lost.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	proxy, _ := b.proxies.Load(list[n%len(list)])
	proxy.(http.Handler).ServeHTTP(w, r)
}

// await waits until so many replicas get requests.
func (b *balancer) await(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); b.ready() != n; time.Sleep(probeEvery / 4) {
		if time.Now().After(end) {
			t.Fatalf("%d replicas are ready, want %d", b.ready(), n)
		}
	}
}

// Three replicas on PostgreSQL are replaced one after the other, twice, while
// clients use all operations: no request fails, and every user keeps the identity.
func TestRollingRestart(t *testing.T) {
	w := newWorld(t, postgresPlaces(startPostgres(t, parts.PostgresOptions{})), scaled(60, 1000))
	maps.Copy(w.env, map[string]string{"ACSAUTH_SHUTDOWN_DELAY": "2s", "ACSAUTH_REPLICAS": "4", "ACSAUTH_LIMIT_USER": "off"})
	b := &balancer{replicas: map[*process]bool{}}
	fleet := w.fleet(t, 3)
	for _, p := range fleet {
		b.add(p)
	}
	probing, stopProbing := context.WithCancel(t.Context())
	defer stopProbing()
	go b.run(probing)
	b.await(t, 3)
	front := httptest.NewServer(b)
	defer front.Close()

	users := w.load(t, []*process{{ready: ready{Server: front.URL}}})
	for round := range scaled(2, 10) {
		for i, old := range fleet {
			fresh := w.serve(t) // one more first, as a rolling update does
			b.add(fresh)
			b.await(t, 4)
			if err := old.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := old.cmd.Wait(); err != nil {
				t.Errorf("round %d, replica %d: the stop was not clean: %v\n%s", round, i, err, old.log)
			}
			b.remove(old)
			fleet[i] = fresh
		}
	}
	users.end()
	n, bad := users.calls.Load(), users.failed.Load()
	t.Logf("%d replicas replaced, %d requests, %d failed, %d not answered by a replica", scaled(2, 10)*3, n, bad, b.lost.Load())
	if bad != 0 || b.lost.Load() != 0 || n < 1000 {
		t.Errorf("%d of %d requests failed", bad, n)
	}
	for _, p := range fleet {
		p.kill()
	}
	w.audit(t)
	for _, v := range w.ledger.Violations() {
		t.Error(v)
	}
}
