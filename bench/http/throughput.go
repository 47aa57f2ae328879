package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// throughput measures warm requests against the floors: tables a and d.
func (b *bench) throughput(ctx context.Context, out io.Writer) error {
	if err := b.warm(ctx); err != nil {
		return err
	}
	servers := append([]*server{b.service}, b.floors...)
	measured := map[int][]series{} // by connections: one for each server
	for _, n := range b.o.connections {
		measured[n] = make([]series, len(servers))
	}
	for round := range b.o.rounds {
		fmt.Fprintf(os.Stderr, "http: warm getToken, round %d of %d\n", round+1, b.o.rounds)
		for _, n := range b.o.connections {
			for i, s := range servers {
				m, err := b.run(ctx, s, b.getToken, n)
				if err != nil {
					return err
				}
				measured[n][i] = append(measured[n][i], m)
			}
		}
	}
	if b.o.wants(tableThroughput) {
		fmt.Fprintf(out, "\n### a. Warm POST /getToken of %d users, and the floors\n\n", callers)
		fmt.Fprint(out, "| connections | server | requests/s (least to most) | to floor 1 | to floor 2 | p50 ms | p99 ms | p99.9 ms |\n|---|---|---|---|---|---|---|---|\n")
		for _, n := range b.o.connections {
			for i, s := range servers {
				fmt.Fprintf(out, "| %d | %s | %s | %s | %s |\n", n, s.name, spread(measured[n][i]), ratios(measured[n], i, rate), latencies(measured[n][i]))
			}
		}
	}
	if b.o.wants(tableCPU) {
		fmt.Fprint(out, "\n### d. CPU seconds for 1,000 of these requests\n\n| connections | server | CPU s | to floor 1 | to floor 2 | CPU s of the generator |\n|---|---|---|---|---|---|\n")
		for _, n := range b.o.connections {
			for i, s := range servers {
				own := measured[n][i].median(func(m sample) float64 { return m.generator })
				fmt.Fprintf(out, "| %d | %s | %.3f | %s | %.3f |\n", n, s.name, measured[n][i].median(cpu), ratios(measured[n], i, cpu), own)
			}
		}
	}
	return nil
}

// spread is the median rate with the least and the most.
func spread(s series) string {
	all := s.sorted(rate)
	return fmt.Sprintf("%.0f (%.0f to %.0f)", s.median(rate), all[0], all[len(all)-1])
}

func latencies(s series) string {
	return fmt.Sprintf("%.2f | %.2f | %.2f", s.median(func(m sample) float64 { return m.p50 }),
		s.median(func(m sample) float64 { return m.p99 }), s.median(func(m sample) float64 { return m.p999 }))
}

// ratios sets a figure of server i beside those of the two floors, which follow the service.
func ratios(of []series, i int, figure func(sample) float64) string {
	text := ""
	for floor := 1; floor <= 2; floor++ {
		if floor > 1 {
			text += " | "
		}
		base := of[floor].median(figure)
		if floor == i || base == 0 {
			text += "-"
			continue
		}
		text += fmt.Sprintf("%.2f", of[i].median(figure)/base)
	}
	return text
}
