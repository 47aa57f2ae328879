// Command http measures the service under load, next to two floors: what a bare
// net/http server does with the same requests, and what such a server does that
// checks the signature of each token. It builds acsauth-dev, starts each server and
// the emulator as processes of their own, and prints tables in Markdown. Everything
// is on loopback.
//
//	go run ./bench/http
//	go run ./bench/http -only b -env ACSAUTH_TOKEN_CACHE=0
//
// The exit code is 1 if a request had another answer than it should.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// floorArgument makes this program one of the floors.
const floorArgument = "floor"

func main() {
	if len(os.Args) == 3 && os.Args[1] == floorArgument {
		dev.Main(floorArgument, func(ctx context.Context) error { return serveFloor(ctx, os.Args[2], os.Stdout) })
		return
	}
	dev.Main("http", func(ctx context.Context) error { return run(ctx, os.Args[1:], os.Stdout) })
}

// The tables, by the letters of -only.
const (
	tableThroughput = "a"
	tableSlowACS    = "b"
	tableCPU        = "d"
	tableUpstream   = "h"
)

var tables = []string{tableThroughput, tableSlowACS, tableCPU, tableUpstream}

type options struct {
	rounds      int
	time        time.Duration // of one run
	connections []int
	quick       bool
	only        []string
	env         []string // more settings of the service
	program     string
}

func (o *options) wants(table string) bool { return slices.Contains(o.only, table) }

// warmUp is the part of a run that is not counted, before it.
func (o *options) warmUp() time.Duration { return max(o.time/10, 50*time.Millisecond) }

func parse(args []string) (*options, error) {
	o := &options{}
	set := flag.NewFlagSet("http", flag.ContinueOnError)
	set.IntVar(&o.rounds, "rounds", 3, "runs of each server, in turn, 1 to 99; a figure is their median")
	set.DurationVar(&o.time, "time", 3*time.Second, "how long a run takes, 100ms to 1m")
	connections := set.String("connections", "1,16,64,256", "connections at once, up to 8 numbers of 1 to 1024")
	only := set.String("only", strings.Join(tables, ","), "tables: a throughput, b with a slow ACS, d CPU and allocations, h upstream calls")
	set.BoolVar(&o.quick, "quick", false, "one short run of each, to see that it works; its figures say nothing")
	set.Func("env", "a setting of the service, NAME=VALUE; may be given again", func(v string) error {
		if !strings.HasPrefix(v, "ACSAUTH_") && !strings.HasPrefix(v, "OTEL_") || !strings.Contains(v, "=") {
			return errors.New("it must be ACSAUTH_...=VALUE or OTEL_...=VALUE")
		}
		o.env = append(o.env, v)
		return nil
	})
	set.StringVar(&o.program, "program", "", "an acsauth-dev that is built already")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if o.quick {
		o.rounds, o.time, *connections = 1, 200*time.Millisecond, "1,16"
	}
	for text := range strings.SplitSeq(*connections, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1024 || len(o.connections) == 8 {
			return nil, errors.New("-connections must be up to 8 numbers of 1 to 1024 with commas between")
		}
		o.connections = append(o.connections, n)
	}
	for name := range strings.SplitSeq(*only, ",") {
		if !slices.Contains(tables, name) {
			return nil, fmt.Errorf("-only %.40q: the tables are %s", name, strings.Join(tables, ","))
		}
		o.only = append(o.only, name)
	}
	if o.rounds < 1 || o.rounds > 99 || o.time < 100*time.Millisecond || o.time > time.Minute {
		return nil, errors.New("-rounds must be 1 to 99, and -time 100ms to 1m")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	fmt.Fprintf(out, "Settings of the service: %s.\n", b.settings)
	fmt.Fprintf(out, "All processes share the %d cores of this machine. Each figure is the median of %d runs of %s; the servers take turns. %s, %s.\n",
		runtime.NumCPU(), o.rounds, o.time, runtime.Version(), time.Now().UTC().Format("2006-01-02"))
	if o.wants(tableUpstream) { // first, while nobody knows the users
		if err := b.upstream(ctx, out); err != nil {
			return err
		}
	}
	if o.wants(tableThroughput) || o.wants(tableCPU) {
		if err := b.throughput(ctx, out); err != nil {
			return err
		}
	}
	if o.wants(tableCPU) {
		if err := b.allocations(ctx, out); err != nil {
			return err
		}
	}
	if o.wants(tableSlowACS) {
		return b.slowACS(ctx, out)
	}
	return nil
}
