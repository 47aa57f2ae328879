// Command growth measures what grows with the number of users: first sign-ins
// by store, memory, the time until the service is ready, reads of a store with
// many mappings, and replicas. It builds acsauth-dev, starts all it needs on
// loopback, and prints tables in Markdown.
//
//	go run ./bench/growth          about a quarter of an hour
//	go run ./bench/growth -full    ten million mappings, a million users: two hours, 8 GB of disk
//	go run ./bench/growth -quick   small figures, to see that all of it works
//
// What takes turns is measured round after round, so that whatever else the
// machine does meets all of it; the figures are medians over the rounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

type options struct {
	only       string
	rounds     int
	slice      time.Duration // of one measurement
	rest       time.Duration // before memory is looked at
	starts     int
	users      []int // active, one row of the table of memory for each
	cached     []int // the same, of the caches alone
	coldUsers  int   // in a round
	mappings   []int // one row of the table of reads for each
	callers    int
	replicas   int
	warmUsers  int
	program    string
	out, notes io.Writer
}

func main() {
	o := usual()
	full := flag.Bool("full", false, "10 million mappings and a million users as well")
	small := flag.Bool("quick", false, "small figures, to see that all of it works")
	only := flag.String("only", o.only, "which tables, with commas between")
	program := flag.String("program", "", "an acsauth-dev that is built already")
	rounds := flag.Int("rounds", 0, "rounds, 1 to 25; 0: 5, and 2 with -quick")
	flag.Parse()
	if *full {
		o.mappings, o.users = append(o.mappings, 10_000_000), append(o.users, 1_000_000)
	}
	if *small {
		o = quick()
	}
	if *rounds != 0 {
		o.rounds = *rounds
	}
	o.only, o.program = *only, *program
	dev.Main("growth", o.run)
}

// usual are the figures without a flag.
func usual() options {
	return options{
		only: "cold,memory,caches,start,reads,replicas", rounds: 5, slice: 2 * time.Second, rest: 2 * time.Second, starts: 11, callers: 16, coldUsers: 1000, warmUsers: 300, replicas: 3,
		users: []int{10_000, 100_000}, cached: []int{10_000, 100_000, 1_000_000}, mappings: []int{10_000, 1_000_000}, out: os.Stdout, notes: os.Stderr,
	}
}

// quick are figures that tell nothing.
func quick() options {
	o := usual()
	o.rounds, o.slice, o.rest, o.starts, o.coldUsers, o.warmUsers = 2, 200*time.Millisecond, 200*time.Millisecond, 2, 50, 20
	o.users, o.cached, o.mappings = []int{50, 200}, []int{500, 5000}, []int{500, 5000}
	return o
}

// A bench is what is started for one run.
type bench struct {
	options
	dir      string
	emulator *dev.Program
	tokens   []string // of user-1 and so on
}

func (o options) run(ctx context.Context) (err error) {
	if err := dev.CheckRange("rounds", o.rounds, 1, 25); err != nil {
		return err
	}
	type table struct {
		name  string
		print func(context.Context) error
	}
	var tables []table
	b := &bench{options: o}
	for name := range strings.SplitSeq(o.only, ",") {
		print, ok := map[string]func(context.Context) error{"cold": b.cold, "memory": b.memory, "caches": b.caches, "start": b.start, "reads": b.reads, "replicas": b.replicate}[name]
		if !ok {
			return fmt.Errorf("there is no table %q; there are %s", name, usual().only)
		}
		tables = append(tables, table{name, print})
	}
	if b.dir, err = os.MkdirTemp("", "acsauth-growth-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.emulator, err = dev.Start(ctx, o.program, "emulate"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.emulator.Stop()) }()
	for _, t := range tables {
		b.say("%s", t.name)
		if err := t.print(ctx); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	_, err = fmt.Fprintf(o.out, "The service, the emulator, the database and the callers share the %d cores of this machine. %s/%s, %s, %s.\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	return err
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.notes, "growth: "+format+"\n", args...) // there is nobody else to tell
}

// need mints tokens until there are n.
func (b *bench) need(ctx context.Context, n int) (err error) {
	if n <= len(b.tokens) {
		return nil
	}
	b.say("minting %d tokens", n)
	b.tokens, err = b.emulator.Tokens(ctx, n)
	return err
}

// settings are those of a service that is measured: with a store, and no limit in its way.
func settings(store string, more ...string) []string {
	return append([]string{"ACSAUTH_STORE=" + store, "ACSAUTH_ACS_QUOTA=off"}, more...)
}

// file names a new SQLite file in the folder of this run.
func (b *bench) file(name string) string { return "sqlite:" + filepath.Join(b.dir, name+".db") }
