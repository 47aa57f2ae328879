package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/storebench"
)

// A place is a store with a service on it.
type place struct {
	name     string
	settings []string
	end      func() error // of the database
	service  *dev.Service
	rounds   []storebench.Figure
}

func (p *place) stop() (err error) {
	if p.service != nil {
		err = p.service.Stop()
	}
	return errors.Join(err, p.end())
}

const coldLimit = time.Minute // for the users of one round

// cold measures first sign-ins: POST /getToken of users who were never seen.
func (b *bench) cold(ctx context.Context) (err error) {
	var places []*place
	defer func() {
		for _, p := range places {
			err = errors.Join(err, p.stop())
		}
	}()
	for _, open := range []func(context.Context) (*place, error){b.sqlite, b.postgres, b.azurite} {
		p, err := open(ctx)
		if err != nil {
			b.say("a store is left out: %v", err)
			continue
		}
		places = append(places, p)
		if p.service, err = b.emulator.Serve(p.settings...); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	client := dev.NewClient(32)
	defer client.Close()
	if err := b.need(ctx, b.rounds*b.coldUsers+1); err != nil {
		return err
	}
	for _, p := range places { // loads the keys
		if _, err := client.Serve(ctx, http.MethodPost, p.service.Server+"/getToken", b.tokens[b.rounds*b.coldUsers]); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	for round := range b.rounds {
		for _, p := range places {
			f, err := b.each(ctx, client, p.service, round*b.coldUsers, (round+1)*b.coldUsers)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.rounds = append(p.rounds, f)
		}
	}
	rows := [][]string{{"store", "first sign-ins/s", "p50 ms", "p99 ms", "compared with " + places[0].name}}
	first := storebench.Median(places[0].rounds)
	for _, p := range places {
		f := storebench.Median(p.rounds)
		rows = append(rows, []string{p.name, dev.Count(f.Rate), dev.Millis(f.Median), dev.Millis(f.P99), dev.Ratio(f.Rate, first.Rate)})
	}
	return dev.WriteTable(b.out, "First sign-ins", rows, fmt.Sprintf("POST /getToken of users who were never seen, over 32 connections. Medians of %d rounds of %s users in which the stores took turns; ACSAUTH_ACS_QUOTA=off, the emulator as ACS.",
		b.rounds, dev.Count(b.coldUsers)))
}

// each has the users from to to-1 ask for a token each, over 32 connections.
func (b *bench) each(ctx context.Context, client *dev.Client, s *dev.Service, from, to int) (storebench.Figure, error) {
	f, err := storebench.Slice{Callers: 32, Length: coldLimit, Most: int64(to - from)}.Run(ctx, func(_ int, n int64) error {
		_, err := client.Serve(ctx, http.MethodPost, s.Server+"/getToken", b.tokens[from+int(n)])
		return err
	})
	if err == nil && f.Calls < int64(to-from) {
		err = fmt.Errorf("%d of %d users were served in %v", f.Calls, to-from, coldLimit)
	}
	return f, err
}

func (b *bench) sqlite(context.Context) (*place, error) {
	return &place{name: "SQLite", settings: settings(b.file("cold")), end: func() error { return nil }}, nil
}

func (b *bench) postgres(ctx context.Context) (*place, error) {
	server, err := parts.StartPostgres(ctx, parts.PostgresOptions{Durable: true})
	if err != nil {
		return nil, err
	}
	const database = "bench"
	if err := server.CreateDatabase(ctx, database); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &place{name: "PostgreSQL, fsync on", settings: settings(server.DSN(database)), end: server.Stop}, nil
}

func (b *bench) azurite(ctx context.Context) (*place, error) {
	// In memory: with a folder it writes all it holds every five seconds, and serves nobody meanwhile.
	service, err := parts.StartAzurite(ctx, parts.AzuriteOptions{})
	if err != nil {
		return nil, err
	}
	secret := settings("tables:"+service.Endpoint()+"/bench", "ACSAUTH_STORE_SECRET="+service.AccountKey)
	return &place{name: "tables, on Azurite (an emulator)", settings: secret, end: service.Stop}, nil
}
