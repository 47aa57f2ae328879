package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// acsDelay is how long ACS takes in table b.
const acsDelay = 30 * time.Millisecond

// A setup is one row of table b.
type setup struct {
	path        string
	requests    [][]byte
	connections int
	delay       time.Duration
}

// slowACS measures what the time of ACS does to the service: table b.
func (b *bench) slowACS(ctx context.Context, out io.Writer) (err error) {
	if err := b.warm(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.delayACS(context.WithoutCancel(ctx), 0)) }()
	setups := b.setups()
	measured := make([]series, len(setups))
	for round := range b.o.rounds {
		fmt.Fprintf(os.Stderr, "http: a slow ACS, round %d of %d\n", round+1, b.o.rounds)
		for i, s := range setups {
			if err := b.delayACS(ctx, s.delay); err != nil {
				return err
			}
			m, err := b.run(ctx, b.service, s.requests, s.connections)
			if err != nil {
				return err
			}
			measured[i] = append(measured[i], m)
		}
	}
	fmt.Fprint(out, "\n### b. The service with an ACS that takes longer\n\n"+
		"| operation | connections | added at ACS, ms | requests/s (least to most) | calls to ACS for each request | p50 ms | p99 ms | p99.9 ms |\n|---|---|---|---|---|---|---|---|\n")
	for i, s := range setups {
		calls := measured[i].median(func(m sample) float64 { return m.acs })
		fmt.Fprintf(out, "| %s | %d | %d | %s | %.4f | %s |\n", s.path, s.connections, s.delay.Milliseconds(), spread(measured[i]), calls, latencies(measured[i]))
	}
	return nil
}

// setups are getToken with one connection and with many, and refreshToken with many.
func (b *bench) setups() (all []setup) {
	few := b.o.connections[0]
	many := slices.Max(b.o.connections)
	if len(b.o.connections) > 2 {
		many = b.o.connections[len(b.o.connections)-2]
	}
	for _, delay := range []time.Duration{0, acsDelay} {
		all = append(all, setup{"getToken, warm", b.getToken, few, delay}, setup{"getToken, warm", b.getToken, many, delay}, setup{"refreshToken", b.refresh, many, delay})
	}
	slices.SortStableFunc(all, func(x, y setup) int { return len(y.path) - len(x.path) }) // so that those with and without delay take turns
	return all
}

// delayACS lets every call to ACS wait; 0 ends that.
func (b *bench) delayACS(ctx context.Context, d time.Duration) error {
	if err := b.emulator.Call(ctx, "DELETE", "/faults", "", new(any)); err != nil || d == 0 {
		return err
	}
	return b.emulator.Call(ctx, "POST", "/faults", fmt.Sprintf(`{"times":-1,"fault":{"delay":%q}}`, d), new(any))
}
