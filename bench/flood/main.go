// Command flood measures what a flood of bad tokens does to a user who is
// signed in. It builds acsauth-dev, starts it as a process of its own, and
// prints one table in Markdown. Everything is on loopback.
//
//	go run ./bench/flood
//
// The exit code is 1 if a valid request failed, if a flood was not refused, or
// if the service loaded its keys more often in a phase than its budget says:
// twice, and once more for each full minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

type options struct {
	baseline, flood time.Duration
	connections     int
	rate            int
	program         string
}

func main() { dev.Main("flood", run) }

func run(ctx context.Context) (err error) {
	var o options
	flag.DurationVar(&o.baseline, "baseline", 30*time.Second, "how long the valid user is alone, 1s to 10m")
	flag.DurationVar(&o.flood, "flood", time.Minute, "how long each flood takes, 1s to 10m")
	flag.IntVar(&o.connections, "connections", 16, "connections of a flood, 1 to 256")
	flag.IntVar(&o.rate, "rate", 50, "requests of the valid user in a second, 1 to 1000")
	flag.StringVar(&o.program, "program", "", "an acsauth-dev that is built already")
	flag.Parse()
	if err := o.check(); err != nil {
		return err
	}
	s, err := startService(ctx, o.program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	valid, err := s.Token(ctx, "alice", false)
	if err != nil {
		return err
	}
	m, err := newMaker(valid)
	if err != nil {
		return err
	}
	phases := []phase{
		{name: "baseline, no flood", lasts: o.baseline},
		{name: "unknown kids", lasts: o.flood, next: m.unknownKid},
		{name: "unknown tenants", lasts: o.flood, next: m.unknownTenant},
		{name: "bad signatures, known kid", lasts: o.flood, next: m.badSignature},
	}
	if err := warm(ctx, s, valid); err != nil {
		return err
	}
	var results []result
	for _, p := range phases {
		fmt.Fprintf(os.Stderr, "flood: %s, %s\n", p.name, p.lasts)
		r, err := p.run(ctx, s, valid, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		results = append(results, r)
	}
	printTable(os.Stdout, results)
	fmt.Printf("\nThe service, the emulator (one process), the flood and the valid user share the %d cores of this machine: the flood takes time from the service not only through its requests.\n", runtime.NumCPU())
	fmt.Printf("%d connections flood; the valid user has one and waits for each answer. Times are from the sending to the last byte. %s, %s.\n", o.connections, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	return wrong(results)
}

func (o options) check() error {
	for _, d := range []time.Duration{o.baseline, o.flood} {
		if d < time.Second || d > 10*time.Minute {
			return fmt.Errorf("a phase of %s is out of range: 1s to 10m", d)
		}
	}
	if o.connections < 1 || o.connections > 256 || o.rate < 1 || o.rate > 1000 {
		return errors.New("-connections must be 1 to 256, and -rate 1 to 1000")
	}
	return nil
}

// wrong says what should not have been.
func wrong(results []result) error {
	var errs []error
	for _, r := range results {
		if r.good != r.sent || r.sent == 0 {
			errs = append(errs, fmt.Errorf("%s: %d of %d valid requests were served", r.phase, r.good, r.sent))
		}
		if most := 2 + int64(r.took/time.Minute); r.fetches.loads() > most {
			errs = append(errs, fmt.Errorf("%s: the keys were loaded %d times; %d is the most", r.phase, r.fetches.loads(), most))
		}
		for status, n := range r.flood {
			if status != 401 && status != 429 && status != 503 {
				errs = append(errs, fmt.Errorf("%s: %d answers of the flood have status %d", r.phase, n, status))
			}
		}
		if r.flooded && len(r.flood) == 0 {
			errs = append(errs, fmt.Errorf("%s: there was no flood", r.phase))
		}
	}
	return errors.Join(errs...)
}
