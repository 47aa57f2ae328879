package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const heading = `| phase | seconds | flood requests/s | flood answers | valid requests | valid served % | valid p50 ms | valid p99 ms | p99 to baseline | key loads (requests for keys + metadata) | RSS MiB |
|---|---|---|---|---|---|---|---|---|---|---|
`

// printTable prints one row for each phase. The first one is the baseline.
func printTable(w io.Writer, results []result) {
	var b strings.Builder
	b.WriteString(heading)
	for _, r := range results {
		n, statuses := r.total()
		var answers []string
		for _, s := range statuses {
			answers = append(answers, fmt.Sprintf("%d x %d", r.flood[s], s))
		}
		served := 0.0
		if r.sent > 0 {
			served = 100 * float64(r.good) / float64(r.sent)
		}
		ratio := 0.0
		if base := results[0].quantile(0.99); base > 0 {
			ratio = float64(r.quantile(0.99)) / float64(base)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | %s | %d | %.3f | %.2f | %.2f | %.1f | %d (%d + %d) | %d |\n",
			r.phase, r.took.Seconds(), float64(n)/r.took.Seconds(), strings.Join(answers, ", "), r.sent, served,
			ms(r.quantile(0.5)), ms(r.quantile(0.99)), ratio, r.fetches.loads(), r.fetches.keys, r.fetches.metadata, r.rss)
	}
	_, _ = io.WriteString(w, b.String()) // there is nobody else to tell
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
