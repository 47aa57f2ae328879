// Command emulator measures whether the emulator keeps its memory while it
// works. It starts acsauth-dev emulate as a process of its own, makes a million
// mixed calls to Entra ID, Microsoft Graph and ACS, and prints one table in
// Markdown. Everything is on loopback.
//
//	go run ./bench/emulator
//
// The exit code is 1 if a call had another answer than it should.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

const rows = 10

func main() { dev.Main("emulator", run) }

func run(ctx context.Context) (err error) {
	calls := flag.Int("calls", 1_000_000, "calls in all, 10000 to 10000000")
	clients := flag.Int("clients", 8, "clients that call at once, 1 to 64")
	program := flag.String("program", "", "an acsauth-dev that is built already")
	flag.Parse()
	if *calls < 10_000 || *calls > 10_000_000 || *clients < 1 || *clients > 64 {
		return errors.New("-calls must be 10000 to 10000000, and -clients 1 to 64")
	}
	p, err := dev.Start(ctx, *program, "emulate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	fmt.Printf("Ready %d ms after the start of the process.\n\n", p.Started.Milliseconds())
	fmt.Print("| calls | seconds | calls/s | resident MiB |\n|---|---|---|---|\n")
	fmt.Printf("| 0 | 0 | | %d |\n", p.Memory())
	var done atomic.Int64
	began := time.Now()
	for range rows {
		if err := together(ctx, p, *clients, *calls/rows / *clients, &done); err != nil {
			return err
		}
		took := time.Since(began).Seconds()
		fmt.Printf("| %d | %.0f | %.0f | %d |\n", done.Load(), took, float64(done.Load())/took, p.Memory())
	}
	fmt.Printf("\nMixed calls: %s. %d clients on the same %d cores. %s, %s.\n", mixture, *clients, runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	return nil
}

// together has each client make that many calls.
func together(ctx context.Context, p *dev.Program, clients, calls int, done *atomic.Int64) error {
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			c, err := newClient(ctx, p)
			for n := 0; err == nil && n < calls; n += callsOfRound {
				err = c.round(ctx)
				done.Add(callsOfRound)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
