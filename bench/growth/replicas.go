package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/storebench"
)

// replicate measures getToken of users who are known, through one service and through several with one PostgreSQL.
func (b *bench) replicate(ctx context.Context) (err error) {
	db, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.stop()) }()
	client := dev.NewClient(b.callers)
	defer client.Close()
	if err := b.need(ctx, b.warmUsers); err != nil {
		return err
	}
	var services []*dev.Service
	defer func() {
		for _, s := range services {
			err = errors.Join(err, s.Stop())
		}
	}()
	for range b.replicas {
		s, err := b.emulator.Serve(db.settings...)
		if err != nil {
			return err
		}
		services = append(services, s)
		if _, err := b.each(ctx, client, s, 0, b.warmUsers); err != nil {
			return err
		}
	}
	rounds := make([][]storebench.Figure, b.replicas)
	for range b.rounds {
		for n := range b.replicas {
			f, err := b.warm(ctx, client, services[:n+1])
			if err != nil {
				return err
			}
			rounds[n] = append(rounds[n], f)
		}
	}
	rows := [][]string{{"replicas", "requests/s", "p50 ms", "p99 ms", "requests/s compared", "p99 compared"}}
	first := storebench.Median(rounds[0])
	for n, of := range rounds {
		f := storebench.Median(of)
		rows = append(rows, []string{fmt.Sprint(n + 1), dev.Count(f.Rate), dev.Millis(f.Median), dev.Millis(f.P99), dev.Ratio(f.Rate, first.Rate), dev.Ratio(float64(f.P99), float64(first.P99))})
	}
	return dev.WriteTable(b.out, "Replicas on one PostgreSQL", rows, fmt.Sprintf("POST /getToken of %d users who are known, over %d connections in all. Medians of %d rounds of %v in which the numbers took turns. "+
		"More processes on the same cores cannot serve more: the table tells what a replica costs, and that nothing is shared which makes them wait for each other.", b.warmUsers, b.callers, b.rounds, b.slice))
}

// warm sends each caller to one of the services.
func (b *bench) warm(ctx context.Context, client *dev.Client, services []*dev.Service) (storebench.Figure, error) {
	const most = 1_000_000 // bounds the list of times
	return storebench.Slice{Callers: b.callers, Length: b.slice, Most: most}.Run(ctx, func(caller int, n int64) error {
		at := services[caller%len(services)].Server + "/getToken"
		_, err := client.Serve(ctx, http.MethodPost, at, b.tokens[n%int64(b.warmUsers)])
		return err
	})
}
