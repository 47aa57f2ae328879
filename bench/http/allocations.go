package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// allocations runs the Go benchmarks of the hot path: the second part of table d.
func (b *bench) allocations(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(os.Stderr, "http: go test -bench")
	length := "1s"
	if b.o.quick {
		length = "100x"
	}
	const pkg = "github.com/acs-solutions/acsauth/internal/server"
	text, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkGetToken$", "-benchmem", "-benchtime", length,
		"-count", strconv.Itoa(b.o.rounds), pkg).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -bench: %w\n%s", err, text[:min(len(text), 2000)])
	}
	names, figures := benchmarks(string(text))
	if len(names) == 0 {
		return fmt.Errorf("go test -bench printed no figures:\n%s", text[:min(len(text), 2000)])
	}
	fmt.Fprint(out, "\nThe same in one process, without HTTP (`go test -bench GetToken ./internal/server`): verifier, broker, SQLite, handler and log, with as many requests at once as there are cores.\n\n"+
		"| benchmark | µs from one answer to the next | bytes allocated | allocations |\n|---|---|---|---|\n")
	for _, name := range names {
		f := figures[name]
		fmt.Fprintf(out, "| %s | %.1f | %.0f | %.0f |\n", name, dev.Median(f[0])/1000, dev.Median(f[1]), dev.Median(f[2]))
	}
	return nil
}

var benchmarkLine = regexp.MustCompile(`(?m)^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op\s+(\d+) allocs/op`)

// benchmarks reads what go test -bench printed: time in ns, bytes and allocations by name.
func benchmarks(text string) (names []string, figures map[string][3][]float64) {
	figures = map[string][3][]float64{}
	for _, m := range benchmarkLine.FindAllStringSubmatch(text, -1) {
		f, ok := figures[m[1]]
		if !ok {
			names = append(names, m[1])
		}
		for i := range f {
			v, _ := strconv.ParseFloat(m[i+2], 64) // the expression lets only numbers pass
			f[i] = append(f[i], v)
		}
		figures[m[1]] = f
	}
	return names, figures
}
