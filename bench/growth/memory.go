package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// memory measures the service at rest and with active users, each with a token of ACS that is kept.
func (b *bench) memory(ctx context.Context) (err error) {
	most := slices.Max(b.users)
	if err := b.need(ctx, most); err != nil {
		return err
	}
	s, err := b.emulator.Serve(settings(b.file("memory"), "ACSAUTH_VERIFIED_CACHE="+strconv.Itoa(most*5/4), "ACSAUTH_TOKEN_CACHE=8192")...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	client := dev.NewClient(32)
	defer client.Close()
	quiet, err := b.settled(ctx, s)
	if err != nil {
		return err
	}
	rows := [][]string{{"active users", "verified, tokens, mappings held", "resident MiB", "live heap MiB", "resident bytes a user", "live bytes a user", "beyond the token of ACS"}}
	rows = append(rows, []string{"0, at rest", holdings(quiet), mib(quiet.Resident()), mib(quiet.Live()), "", "", ""})
	done, length := 0, 0
	for _, users := range b.users {
		for done < users { // in steps that a limit of time fits
			step := min(users-done, 10_000)
			for range 2 { // a row that the service wrote is remembered when it is read
				if _, err := b.each(ctx, client, s, done, done+step); err != nil {
					return err
				}
			}
			done += step
			b.say("%d users are active", done)
		}
		a, err := client.Serve(ctx, http.MethodPost, s.Server+"/getToken", b.tokens[0])
		if err != nil {
			return err
		}
		length = len(a.Token)
		now, err := b.settled(ctx, s)
		if err != nil {
			return err
		}
		live := (now.Live() - quiet.Live()) / float64(users)
		rows = append(rows, []string{dev.Count(users), holdings(now), mib(now.Resident()), mib(now.Live()), dev.Count((now.Resident() - quiet.Resident()) / float64(users)), dev.Count(live), dev.Count(live - float64(length))})
	}
	return dev.WriteTable(b.out, "Memory", rows, fmt.Sprintf("One run, SQLite, each user asked for a token twice, %v of rest before each row. A token of ACS has %d bytes here, a user's token of Entra ID %d. "+
		"The live heap is what the collector found when it ran last; the resident memory holds garbage, too. Verified tokens and mappings are kept for five minutes at most: "+
		"a row that took longer to fill holds fewer of them. ACSAUTH_VERIFIED_CACHE and ACSAUTH_TOKEN_CACHE are large enough for all.", b.rest, length, len(b.tokens[0])))
}

// holdings tells how much each cache holds.
func holdings(f dev.Figures) string {
	var held []string
	for _, name := range []string{"verified", "tokens", "mappings"} {
		held = append(held, dev.Count(f.Sum("acsauth_cache_entries", `cache="`+name+`"`)))
	}
	return strings.Join(held, "; ")
}

func mib(bytes float64) string { return fmt.Sprintf("%.1f", bytes/(1<<20)) }

// settled leaves the service alone for a moment and asks for its metrics.
func (b *bench) settled(ctx context.Context, s *dev.Service) (dev.Figures, error) {
	select {
	case <-time.After(b.rest):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Figures(ctx)
}
