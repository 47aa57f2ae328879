package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"golang.org/x/sync/semaphore"
)

const (
	limitOfACS  = 1000 // creates with a token in 30 s: what ACS and the emulator take
	limitWindow = 30 * time.Second
	connections = 4000 // the service takes 4096
	told429     = `status="429"`
)

// morning lets all users come, each of whom returns exactly when told, until all are served.
func (o options) morning(ctx context.Context, e *dev.Program, store string) (err error) {
	users, window := allUsers/o.scale, allWindow/time.Duration(o.scale)
	quota := o.taken()
	paced, least := limitWindow*time.Duration(users)/time.Duration(quota), limitWindow*time.Duration((users-1)/quota)
	o.say("minting %d tokens", users)
	tokens, err := e.Tokens(ctx, users)
	if err != nil {
		return err
	}
	if err := e.Call(ctx, http.MethodPost, "/acs", `{"serviceLimits":true}`, new(any)); err != nil {
		return err
	}
	s, err := e.Serve("ACSAUTH_STORE="+store, "ACSAUTH_ACS_QUOTA="+o.quota)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	o.say("%d users come within %v; at the pace of the quota that takes %v", users, window, paced.Round(time.Second))
	lasts := window + 3*paced + 2*time.Minute // whoever is not served then never is
	visits, took := crowd{tokens: tokens, window: window}.come(ctx, s.Server+"/getToken", lasts)
	if err := ctx.Err(); err != nil {
		return err
	}
	figures, err := s.Figures(ctx)
	if err != nil {
		return err
	}
	r := sum(visits)
	rows := append([][]string{{"what", "figure"}, {"users", dev.Count(users)}}, r.rows()...)
	rows = append(rows,
		[]string{"429 that ACS gave the service (the goal is 0)", dev.Count(figures.Sum("acsauth_upstream_requests_total", told429))},
		[]string{"time until all were served, s", seconds(took)},
		[]string{"users by quota, s", seconds(paced)},
		[]string{"compared with that", dev.Ratio(took.Seconds(), paced.Seconds())},
		[]string{"the least, with all the quota at the start of each 30 s, s", seconds(max(least, visits[users-1].came))},
		[]string{"resident memory of the service, MiB", fmt.Sprintf("%.0f", figures.Resident()/(1<<20))},
	)
	note := fmt.Sprintf("%s users come for the first time within %s s, at moments that are random and even, with POST /getToken; who is refused returns exactly when Retry-After says. "+
		"The emulator takes %d creates in 30 s; ACSAUTH_ACS_QUOTA=%s. Out of order: of all pairs of users, the share in which the one who came later was served first; by chance it would be 50 %%.",
		dev.Count(users), seconds(window), limitOfACS, o.quota)
	if err := dev.WriteTable(o.out, "A morning", rows, note); err != nil {
		return err
	}
	if r.served < users {
		return fmt.Errorf("%d of %d users were not served within %v", users-r.served, users, lasts)
	}
	return nil
}

// taken is how many creates there may be in 30 s.
func (o options) taken() int {
	percent := 100
	if n, err := strconv.Atoi(o.quota); err == nil {
		percent = min(n, percent) // what ACS takes is the limit in any case
	}
	return limitOfACS * percent / 100
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

// A crowd comes within a window.
type crowd struct {
	tokens []string
	window time.Duration
}

// A visit is what one user met.
type visit struct {
	came, served time.Duration // since the start; served 0: never
	tries        int
	answers      map[string]int // refusals: by status and code
	untold       int            // refusals without Retry-After
}

// come returns the visits in the order of coming, and when the last user was served.
func (c crowd) come(ctx context.Context, url string, lasts time.Duration) ([]visit, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	client := dev.NewClient(connections)
	defer client.Close()
	visits := make([]visit, len(c.tokens))
	for i, at := range moments(len(visits), c.window) {
		visits[i].came = at
	}
	// Who waits for a turn here waits for a connection; goroutines of all others sleep.
	atOnce := semaphore.NewWeighted(connections)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range visits {
		if !pause(ctx, time.Until(began.Add(visits[i].came))) {
			break
		}
		wg.Go(func() {
			v := &visits[i]
			for ctx.Err() == nil && v.served == 0 {
				if atOnce.Acquire(ctx, 1) != nil {
					return
				}
				a, err := client.Ask(ctx, http.MethodPost, url, c.tokens[i])
				atOnce.Release(1)
				if wait := v.meet(a, err, time.Since(began)); v.served == 0 {
					pause(ctx, wait)
				}
			}
		})
	}
	wg.Wait()
	var last time.Duration
	for _, v := range visits {
		last = max(last, v.served)
	}
	return visits, last
}

// meet notes an answer and returns how long to wait before the next try.
func (v *visit) meet(a dev.Answer, err error, now time.Duration) time.Duration {
	v.tries++
	if err == nil && a.Status == http.StatusOK {
		v.served = now
		return 0
	}
	if v.answers == nil {
		v.answers = map[string]int{}
	}
	if err != nil {
		v.answers["no answer"]++
	} else {
		v.answers[strconv.Itoa(a.Status)+" "+a.Code]++
	}
	if a.RetryAfter == 0 {
		v.untold++
		return time.Second
	}
	return a.RetryAfter
}

// moments are n times within a window, sorted.
func moments(n int, window time.Duration) []time.Duration {
	dice := newDice()
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = time.Duration(dice.Int64N(int64(window)))
	}
	slices.Sort(out)
	return out
}
