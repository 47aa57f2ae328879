// Package load makes HTTP load with as little work as can be: prepared requests over kept connections.
package load

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	maxConnections = 4096
	maxTime        = 10 * time.Minute
	answerLimit    = 10 * time.Second // for the last answers, after the time is over
	pause          = 10 * time.Millisecond
)

// Options of a Generator.
type Options struct {
	Host        string   // host:port
	Connections int      // 1 to 4096; each sends its next request when it has its answer
	Requests    [][]byte // whole ones; each connection sends them in turn, and begins at another one
}

// A Generator keeps connections to one server. Its methods are for one goroutine.
type Generator struct {
	o     Options
	lines []*line
}

// Open connects.
func Open(ctx context.Context, o Options) (*Generator, error) {
	if o.Connections < 1 || o.Connections > maxConnections || len(o.Requests) == 0 {
		return nil, fmt.Errorf("load: %d connections and %d requests: it must be 1 to %d, and 1 or more", o.Connections, len(o.Requests), maxConnections)
	}
	g := &Generator{o: o}
	for i := range o.Connections {
		c, err := Dial(ctx, o.Host)
		if err != nil {
			g.Close()
			return nil, err
		}
		g.lines = append(g.lines, &line{o: &g.o, c: c, next: i * len(o.Requests) / o.Connections})
	}
	return g, nil
}

// Close closes the connections.
func (g *Generator) Close() {
	for _, l := range g.lines {
		l.hangUp()
	}
}

// A Result is what one run saw.
type Result struct {
	Took     time.Duration // from the start to the last answer
	Latency  Histogram     // from before the sending to the last byte of the answer
	Statuses map[int]int   // answers; 0: there was none
}

// Requests is how many were sent.
func (r *Result) Requests() (n int) {
	for _, c := range r.Statuses {
		n += c
	}
	return n
}

// Rate is in answers per second.
func (r *Result) Rate() float64 { return float64(r.Latency.Count()) / r.Took.Seconds() }

// Run sends requests for as long as d, up to 10 minutes, and waits for the last answers, up to 10 seconds.
func (g *Generator) Run(ctx context.Context, d time.Duration) (*Result, error) {
	if d <= 0 || d > maxTime {
		return nil, fmt.Errorf("load: a run of %s is out of range: more than 0, up to %s", d, maxTime)
	}
	r := &Result{Statuses: map[int]int{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	end := begin.Add(d)
	for _, l := range g.lines {
		wg.Go(func() {
			latency, statuses := l.run(ctx, end)
			mu.Lock()
			defer mu.Unlock()
			r.Latency.Merge(latency)
			for status, n := range statuses {
				r.Statuses[status] += n
			}
		})
	}
	wg.Wait()
	r.Took = time.Since(begin)
	return r, ctx.Err()
}

// Only fails if there was no answer, or one without this status.
func (r *Result) Only(status int) error {
	if n := r.Requests(); n == 0 || r.Statuses[status] != n {
		return fmt.Errorf("load: not every answer of %d has status %d: by status (0: no answer) %v", n, status, r.Statuses)
	}
	return nil
}

// A line is one connection with its place in the requests.
type line struct {
	o    *Options
	c    *Conn // nil: it has to be made anew
	next int
}

// run sends until end, or until ctx ends and the last answer is there.
func (l *line) run(ctx context.Context, end time.Time) (*Histogram, map[int]int) {
	h, statuses := new(Histogram), map[int]int{}
	if l.c != nil {
		_ = l.c.SetDeadline(end.Add(answerLimit)) // if it fails, so will the request
	}
	for begin := time.Now(); begin.Before(end) && ctx.Err() == nil; {
		status, err := l.one(ctx, end.Add(answerLimit))
		now := time.Now()
		statuses[status]++
		if err == nil {
			h.Add(now.Sub(begin))
			begin = now // one look at the clock for each request
			continue
		}
		time.Sleep(pause) // a server that is away is not asked without end
		begin = time.Now()
	}
	return h, statuses
}

// one sends the next request, over a new connection if need be.
func (l *line) one(ctx context.Context, deadline time.Time) (status int, err error) {
	if l.c == nil {
		c, err := Dial(ctx, l.o.Host)
		if err != nil {
			return 0, err
		}
		l.c = c
		_ = c.SetDeadline(deadline) // if it fails, so will the request
	}
	request := l.o.Requests[l.next]
	l.next = (l.next + 1) % len(l.o.Requests)
	status, last, err := l.c.Send(request)
	if err != nil || last {
		l.hangUp()
	}
	return status, err
}

func (l *line) hangUp() {
	if l.c != nil {
		_ = l.c.Close() // there is nothing left to lose
		l.c = nil
	}
}
