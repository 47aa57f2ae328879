package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/parts"
)

const (
	sqlite, postgres = "sqlite", "postgres"

	steadyUsers = 400
	comers      = 100 // of these, the last ones delete their identity and come back
	atOnce      = 512 // requests under way; one more is a request that was not sent in time
)

// A soak is a steady load.
type soak struct {
	options
	emulator *dev.Program
	service  *dev.Service
	db       *parts.Postgres // nil: there is none to restart
	client   *dev.Client
	tokens   []atomic.Pointer[string]
	slots    chan struct{}

	mu  sync.Mutex
	now tally
}

// A tally is what happened in an interval.
type tally struct {
	requests int
	errors   map[string]int // by status and code
	took     []time.Duration
	events   []string
}

// steady runs the load and prints a row for each minute, or sixth of a short run.
func (o options) steady(ctx context.Context, e *dev.Program, store string) (err error) {
	s := &soak{options: o, emulator: e, client: dev.NewClient(atOnce), slots: make(chan struct{}, atOnce), tokens: make([]atomic.Pointer[string], steadyUsers), now: tally{errors: map[string]int{}}}
	defer s.client.Close()
	if o.store == postgres {
		if s.db, err = parts.StartPostgres(ctx, parts.PostgresOptions{Durable: true}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.db.Stop()) }()
		if err := s.db.CreateDatabase(ctx, "soak"); err != nil {
			return err
		}
		store = s.db.DSN("soak")
	}
	if err := s.mint(ctx); err != nil {
		return err
	}
	if s.service, err = e.Serve("ACSAUTH_STORE="+store, "ACSAUTH_ACS_QUOTA="+o.quota); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.service.Stop()) }()
	return s.run(ctx)
}

func (s *soak) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	load, stop := context.WithTimeout(ctx, s.soak)
	defer stop()
	wg.Go(func() { s.load(load) })
	var failed error
	wg.Go(func() {
		if failed = s.disturb(load); failed != nil {
			stop()
		}
	})
	every := min(time.Minute, s.soak/6)
	total := &totals{every: every}
	if _, err := fmt.Fprintf(s.out, "## A steady load, as it went\n\n%s\n|---|---|---|---|---|---|---|---|---|\n", "| seconds | requests | errors to clients | p50 ms | p99 ms | resident MiB | goroutines | open files | what happened |"); err != nil {
		return err
	}
	for begin, n := time.Now(), 1; load.Err() == nil; n++ {
		pause(load, time.Until(begin.Add(time.Duration(n)*every)))
		figures, err := s.service.Figures(ctx)
		if err != nil {
			return err
		}
		row := total.add(time.Since(begin), s.next(), figures)
		if _, err := fmt.Fprintf(s.out, "| %s |\n", strings.Join(row, " | ")); err != nil {
			return err
		}
	}
	wg.Wait()
	if err := errors.Join(failed, ctx.Err()); err != nil {
		return err
	}
	total.late(s.next())
	note := fmt.Sprintf("%d requests/s for %v, of %d users, on %s: getToken 80 %%, refreshToken 10 %%, getUser 8 %%, delete and getUser 2 %%. ACSAUTH_ACS_QUOTA=%s. In the middle: the keys of Entra ID roll, ACS refuses a burst with 429, PostgreSQL restarts.",
		s.rate, s.soak, steadyUsers, s.store, s.quota)
	if _, err := fmt.Fprintln(s.out); err != nil {
		return err
	}
	return dev.WriteTable(s.out, "A steady load", total.rows(), note)
}

// load sends requests at a steady rate, however long the answers take, until ctx ends; then it waits for those under way.
func (s *soak) load(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	begin := time.Now()
	for n := 0; ; n++ {
		if !pause(ctx, time.Until(begin.Add(time.Duration(n)*time.Second/time.Duration(s.rate)))) {
			return
		}
		select {
		case s.slots <- struct{}{}:
			wg.Go(func() {
				s.one(context.WithoutCancel(ctx), n) // a request that was sent is waited for; the client bounds it
				<-s.slots
			})
		default:
			s.note(0, "not sent in time")
		}
	}
}

// one makes request number n of the mixture.
func (s *soak) one(ctx context.Context, n int) {
	user := n % (steadyUsers - comers)
	switch kind := n % 50; {
	case kind < 40:
		s.ask(ctx, http.MethodPost, "/getToken", user)
	case kind < 45:
		s.ask(ctx, http.MethodPost, "/refreshToken", user)
	case kind < 49:
		s.ask(ctx, http.MethodPost, "/getUser", user)
	default:
		comer := steadyUsers - comers + n/50%comers
		s.ask(ctx, http.MethodDelete, "/api/user", comer)
		s.ask(ctx, http.MethodPost, "/getUser", comer)
	}
}

func (s *soak) ask(ctx context.Context, method, path string, user int) {
	begin := time.Now()
	a, err := s.client.Ask(ctx, method, s.service.Server+path, *s.tokens[user].Load())
	wrong := ""
	switch {
	case err != nil:
		wrong = "no answer"
	case a.Status/100 != 2 && !(method == http.MethodDelete && a.Status == http.StatusNotFound): // a comer who was not there yet
		wrong = strconv.Itoa(a.Status) + " " + a.Code
	}
	s.note(time.Since(begin), wrong)
}

func (s *soak) note(took time.Duration, wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.requests++
	if took > 0 {
		s.now.took = append(s.now.took, took)
	}
	if wrong != "" {
		s.now.errors[wrong]++
	}
}

func (s *soak) happened(what string) {
	s.say("%s", what)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.events = append(s.now.events, what)
}

// next takes the tally of an interval and begins a new one.
func (s *soak) next() tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.now
	s.now = tally{errors: map[string]int{}}
	slices.Sort(t.took)
	return t
}

// listed names errors and how many there were.
func listed(errors map[string]int) string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(errors)) {
		out = append(out, fmt.Sprintf("%s x %s", dev.Count(errors[code]), code))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}
