package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/bench/internal/load"
)

// A sample is what one run measured.
type sample struct {
	rate           float64 // answers per second
	p50, p99, p999 float64 // ms
	cpu, generator float64 // seconds at work for 1,000 requests: the server, and this process
	acs            float64 // calls to ACS for each request
}

// run loads a server for one run, after the warm-up.
func (b *bench) run(ctx context.Context, s *server, requests [][]byte, connections int) (m sample, err error) {
	g, err := load.Open(ctx, load.Options{Host: s.host, Connections: connections, Requests: requests})
	if err != nil {
		return m, err
	}
	defer g.Close()
	if _, err := g.Run(ctx, b.o.warmUp()); err != nil {
		return m, err
	}
	calls, err := b.acsCalls(ctx)
	if err != nil {
		return m, err
	}
	server, own := s.process.CPU(), dev.CPU(os.Getpid())
	r, err := g.Run(ctx, b.o.time)
	if err != nil {
		return m, err
	}
	server, own = s.process.CPU()-server, dev.CPU(os.Getpid())-own
	after, err := b.acsCalls(ctx)
	if err != nil {
		return m, err
	}
	if err := r.Only(200); err != nil {
		return m, fmt.Errorf("%s, %d connections: %w", s.name, connections, err)
	}
	n := float64(r.Requests())
	return sample{
		rate: r.Rate(), p50: ms(r.Latency.Quantile(0.5)), p99: ms(r.Latency.Quantile(0.99)), p999: ms(r.Latency.Quantile(0.999)),
		cpu: server.Seconds() / n * 1000, generator: own.Seconds() / n * 1000, acs: float64(after-calls) / n,
	}, nil
}

// acsCalls is how many calls that make or end something the emulator's ACS has answered.
func (b *bench) acsCalls(ctx context.Context) (n int64, err error) {
	var counters struct{ ACS map[string]int64 }
	if err := b.emulator.Call(ctx, "GET", "/counters", "", &counters); err != nil {
		return 0, err
	}
	for _, operation := range []string{"create", "issue", "exchange", "revoke", "delete"} { // there are more counters, of other things
		n += counters.ACS[operation]
	}
	return n, nil
}

// warm lets each caller in once, one after the other.
func (b *bench) warm(ctx context.Context) error {
	c, err := load.Dial(ctx, b.service.host)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	for _, r := range b.getToken {
		if status, _, err := c.Send(r); err != nil || status != 200 {
			return fmt.Errorf("a caller is not let in: %d %v", status, err)
		}
	}
	return nil
}

// A series is the samples of one row.
type series []sample

// median of one figure.
func (s series) median(of func(sample) float64) float64 {
	return dev.Median(s.sorted(of))
}

func (s series) sorted(of func(sample) float64) (all []float64) {
	for _, m := range s {
		all = append(all, of(m))
	}
	slices.Sort(all)
	return all
}

func rate(m sample) float64 { return m.rate }
func cpu(m sample) float64  { return m.cpu }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
