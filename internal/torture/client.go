package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	callLimit  = 40 * time.Second // of one try; longer than the service itself takes
	serveLimit = 3 * time.Minute  // of all tries: a user who is not served by then never is
	maxPause   = time.Second
	maxAnswer  = 64 << 10
)

// A client calls the fleet as an app would: it repeats what failed, on any replica.
type client struct {
	http    *http.Client
	fleet   *fleet
	calls   atomic.Int64
	failed  atomic.Int64
	cut     atomic.Int64 // calls that had no answer at all
	mu      sync.Mutex
	longest time.Duration
}

func newClient(f *fleet, workers int) *client {
	t := &http.Transport{MaxIdleConnsPerHost: workers * 4, IdleConnTimeout: 10 * time.Second}
	return &client{fleet: f, http: &http.Client{Transport: t, Timeout: callLimit}}
}

// answer is what a client reads.
type answer struct {
	status int
	ID     string `json:"acsUserIdentity"`
	Code   string `json:"code"`
	User   struct {
		ID string `json:"id"`
	} `json:"user"`
	retryAfter time.Duration
}

func (a answer) id() string {
	if a.ID != "" {
		return a.ID
	}
	return a.User.ID
}

// do repeats a call until it is answered with one of the statuses. replica is the one to ask, or -1 for any.
func (c *client) do(ctx context.Context, call request, replica int) (answer, error) {
	began := time.Now()
	defer func() { c.waited(time.Since(began)) }()
	pause := 20 * time.Millisecond
	var last error
	for time.Since(began) < serveLimit {
		a, err := c.try(ctx, call, replica)
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		if err == nil && call.good(a.status) {
			c.calls.Add(1)
			return a, nil
		}
		c.failed.Add(1)
		last = fmt.Errorf("%s %s: status %d, code %q, %w", call.method, call.path, a.status, a.Code, err)
		if err == nil && !repeatable(a.status) {
			return a, last
		}
		if sleep(ctx, min(max(pause, a.retryAfter), maxPause)) != nil {
			return a, ctx.Err()
		}
		pause *= 2
	}
	return answer{}, fmt.Errorf("not served within %s: %w", serveLimit, last)
}

// repeatable reports whether a client may expect something else from a repeat.
func repeatable(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusConflict || status == http.StatusAccepted
}

type request struct {
	method, path, token string
	statuses            []int
}

func (r request) good(status int) bool {
	for _, s := range r.statuses {
		if s == status {
			return true
		}
	}
	return false
}

var errNoReplica = errors.New("no replica is up")

func (c *client) try(ctx context.Context, call request, replica int) (answer, error) {
	b, ok := c.fleet.any(replica)
	if !ok {
		return answer{}, errNoReplica
	}
	defer c.fleet.begin()()
	req, err := http.NewRequestWithContext(ctx, call.method, b.URL()+call.path, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+call.token)
	res, err := c.http.Do(req)
	if err != nil {
		c.cut.Add(1)
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode}
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		a.retryAfter = time.Duration(min(max(n, 0), 60)) * time.Second
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		c.cut.Add(1)
	}
	if err == nil && len(bytes.TrimSpace(body)) > 0 {
		err = json.Unmarshal(body, &a)
	}
	return a, err
}

func (c *client) waited(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longest = max(c.longest, d)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
