package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/server"
)

// ask sends a request over a connection of its own and delivers the answer.
func (r *running) ask(t *testing.T, method, path string, edits ...edit) <-chan answer {
	t.Helper()
	out := make(chan answer, 1)
	c, err := r.ln.dial()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://host"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		e(req)
	}
	go func() {
		defer close(out)
		defer c.Close()
		go func() { _ = req.Write(c) }()
		resp, err := http.ReadResponse(bufio.NewReader(c), req)
		if err != nil {
			return // no answer: the channel is closed empty
		}
		body, _ := io.ReadAll(resp.Body)
		checkAnswer(t, req, resp.StatusCode, resp.Header, body)
		out <- answer{resp, body}
	}()
	return out
}

// slow makes the work of each request take d; it ends with the context of the request.
func slow(w *world, d time.Duration) {
	w.store.fail(func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

func TestStopLetsRequestsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		slow(r.world, 20*time.Second)
		inFlight := r.ask(t, "GET", "/api/user", r.alice())
		synctest.Wait()
		begin := time.Now()
		r.stop()
		(<-inFlight).is(t, 404, "identity_not_found")
		if err := <-r.result; err != nil || time.Since(begin) > 21*time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begin))
		}
		if _, err := r.ln.dial(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the listener still accepts: %v", err)
		}
	})
}

func TestStopCutsOffWhatDoesNotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		slow(r.world, 34*time.Second)
		inFlight := r.ask(t, "GET", "/api/user", r.alice())
		synctest.Wait()
		begin := time.Now()
		r.stop()
		(<-inFlight).is(t, 503, "shutting_down")
		if d := time.Since(begin); d < 25*time.Second || d > 26*time.Second {
			t.Errorf("cut off after %v", d)
		}
		if err := <-r.result; err == nil {
			t.Error("Serve reports a clean stop")
		}
	})
}

// TestDrain: for a while after the stop readiness is red, and new requests are served all the same.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(o *server.Options) { o.Drain = 5 * time.Second })
		(<-r.ask(t, "GET", "/getUser", r.alice())).is(t, 201, "")
		(<-r.ask(t, "GET", "/readyz")).is(t, 200, "")
		r.stop()
		synctest.Wait()
		ready := <-r.ask(t, "GET", "/readyz")
		if ready.StatusCode != 503 || string(ready.body) != `{"status":"unready","failing":["shutdown"]}`+"\n" || !ready.Close {
			t.Errorf("%d %s, close %v", ready.StatusCode, ready.body, ready.Close)
		}
		(<-r.ask(t, "GET", "/livez")).is(t, 200, "")
		(<-r.ask(t, "GET", "/getUser", r.alice())).is(t, 200, "")
		if err := <-r.result; err != nil {
			t.Error(err)
		}
	})
}

// TestDrainKeepsIdleConnections: a balancer that has not looked away yet may send on a connection that it holds. It is
// served, and told not to use the connection again.
func TestDrainKeepsIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(o *server.Options) { o.Drain = 5 * time.Second })
		c, err := r.ln.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		answers := bufio.NewReader(c)
		get := func() *http.Response {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://host/livez", nil)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = req.Write(c) }()
			resp, err := http.ReadResponse(answers, req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp
		}
		if resp := get(); resp.Close {
			t.Fatal("the connection is not kept")
		}
		r.stop()
		time.Sleep(4 * time.Second)
		if resp := get(); resp.StatusCode != 200 || !resp.Close {
			t.Errorf("status %d, close %v", resp.StatusCode, resp.Close)
		}
		if err := <-r.result; err != nil {
			t.Error(err)
		}
	})
}

func TestServeReportsABrokenListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		synctest.Wait()
		_ = r.ln.Close()
		if err := <-r.result; err == nil {
			t.Error("no error")
		}
	})
}

// TestRequestTimeout: work that takes too long ends with an answer, before the connection does.
func TestRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.finish(t)
		slow(r.world, time.Hour)
		begin := time.Now()
		a := <-r.ask(t, "GET", "/api/user", r.alice())
		a.is(t, 504, "store_timeout")
		if d := time.Since(begin); d != 35*time.Second {
			t.Errorf("after %v", d)
		}
	})
}
