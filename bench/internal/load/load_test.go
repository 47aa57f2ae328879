package load

import (
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuantile: a quantile is what a sorted list says, or more by less than 1 %.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nanoseconds := rapid.Custom(func(t *rapid.T) time.Duration { // of each size alike
			return time.Duration(rapid.Int64Range(0, 1<<rapid.IntRange(0, maxBits-1).Draw(t, "bits")).Draw(t, "ns"))
		})
		all := rapid.SliceOfN(nanoseconds, 1, 200).Draw(t, "durations")
		half, h := new(Histogram), new(Histogram)
		for i, d := range all {
			[]*Histogram{half, h}[i%2].Add(d)
		}
		h.Merge(half)
		slices.Sort(all)
		if h.Count() != uint64(len(all)) {
			t.Fatalf("%d of %d are counted", h.Count(), len(all))
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		want := all[max(int(math.Ceil(q*float64(len(all)))), 1)-1]
		if got := h.Quantile(q); got < want || float64(got) > 1.01*float64(want) {
			t.Fatalf("the %v quantile is %d; the list says %d", q, got, want)
		}
	})
}

func TestHistogramBounds(t *testing.T) {
	h := new(Histogram)
	if h.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a quantile")
	}
	h.Add(-time.Second)
	h.Add(time.Hour)
	if h.Quantile(0) != 0 || h.Quantile(1) < time.Minute || h.Quantile(2) < time.Minute || h.Count() != 2 {
		t.Errorf("%v %v %v %d", h.Quantile(0), h.Quantile(1), h.Quantile(2), h.Count())
	}
	for d := time.Duration(0); d < 1<<maxBits; d += d/300 + 1 { // buckets follow each other and hold their values
		if b := bucket(d); b >= buckets || upper(b) < d || b > 0 && upper(b-1) >= d {
			t.Fatalf("%d is in bucket %d, up to %d", d, b, upper(b))
		}
	}
}

// TestAnswers: what is no whole HTTP/1.1 answer with a length is an error, and nothing hangs.
func TestAnswers(t *testing.T) {
	for answer, want := range map[string]struct {
		status   int
		last, ok bool
	}{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                                      {200, false, true},
		"HTTP/1.1 429 \r\nconnection: Close\r\ncontent-length:0\r\n\r\n":                      {429, true, true},
		"HTTP/1.1 204 No Content\r\n\r\n":                                                     {204, false, true},
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}":                                      {},
		"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n{}":                                     {},
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{}":                              {},
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                      {},
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 200) + "Content-Length: 0\r\n\r\n": {},
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", bufferSize) + "\r\n\r\n":               {},
		"HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n":                                           {},
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n":                                        {},
		"220 mail\r\n": {},
		"":             {},
	} {
		c, err := Dial(t.Context(), speak(t, answer))
		if err != nil {
			t.Fatal(err)
		}
		status, last, err := c.Send([]byte("GET / HTTP/1.1\r\n\r\n"))
		_ = c.Close()
		if (err == nil) != want.ok || status != want.status || last != (want.last || !want.ok) {
			t.Errorf("%.60q: %d %v %v", answer, status, last, err)
		}
	}
}

// speak answers one request with a text and closes.
func speak(t *testing.T, answer string) (host string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 100))
		_, _ = io.WriteString(c, answer)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}()
	return ln.Addr().String()
}

// TestGenerator: every request is counted, each one is sent, and a closed connection is made anew.
func TestGenerator(t *testing.T) {
	var mu sync.Mutex
	served, paths, remotes := 0, map[string]int{}, map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		served++
		paths[r.URL.Path]++
		remotes[r.RemoteAddr] = true
		switch {
		case served%50 == 0:
			w.Header().Set("Connection", "close")
		case served%71 == 0:
			panic(http.ErrAbortHandler) // no answer
		case served%30 == 0:
			w.WriteHeader(429)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer s.Close()
	var requests [][]byte
	for _, path := range []string{"/a", "/b", "/c"} {
		requests = append(requests, []byte("GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	}
	g, err := Open(t.Context(), Options{Host: strings.TrimPrefix(s.URL, "http://"), Connections: 3, Requests: requests})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	r := &Result{Statuses: map[int]int{}}
	for r.Requests() < 300 { // as many runs as a slow machine needs
		more, err := g.Run(t.Context(), 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		r.Latency.Merge(&more.Latency)
		for status, n := range more.Statuses {
			r.Statuses[status] += n
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if r.Requests() != served || r.Statuses[429] == 0 || r.Statuses[0] == 0 {
		t.Errorf("%d requests were served; statuses %v", served, r.Statuses)
	}
	if n := r.Requests() - r.Statuses[0]; r.Latency.Count() != uint64(n) {
		t.Errorf("%d latencies of %d answers", r.Latency.Count(), n)
	}
	if r.Only(200) == nil || len(paths) != 3 || len(remotes) < 4 {
		t.Errorf("paths %v, %d connections", paths, len(remotes))
	}
}

func TestGeneratorBounds(t *testing.T) {
	for _, o := range []Options{{Connections: 0, Requests: [][]byte{{}}}, {Connections: 5000, Requests: [][]byte{{}}}, {Connections: 1}} {
		if g, err := Open(t.Context(), o); err == nil {
			g.Close()
			t.Errorf("%+v is let pass", o)
		}
	}
	g := &Generator{}
	for _, d := range []time.Duration{-1, 0, time.Hour} {
		if _, err := g.Run(t.Context(), d); err == nil {
			t.Errorf("a run of %s is let pass", d)
		}
	}
	if (&Result{}).Only(200) == nil {
		t.Error("no answer at all is let pass")
	}
}
