package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/attack"
)

var combinations = flag.Int("combinations", 0, "how many combinations of 2 to 4 mutations TestAttackCorpus fires; 0: 1000, or with -full 20000")

// The corpus of bad requests against the real program, on every route that wants a bearer token. Each bad request gets exactly
// the status and code that it must get, and a good request beside it passes.
func TestAttackCorpus(t *testing.T) {
	s := startTarget(t, nil)
	began, result, memory := time.Now(), newScores(), s.memory(t)
	t.Logf("%d routes: %v", len(s.routes), s.routes)
	s.fireTwins(result)
	before := s.authority.KeyFetches()
	for _, class := range classes(s.world.Cases()) {
		s.quiet(t, "class "+string(class[0].Class), func() { s.fireBad(result, class) })
		s.fireGood(result, class)
	}
	s.quiet(t, "sizes", func() { s.fireSizes(result) })
	s.quiet(t, "combinations", func() { s.fireCombinations(t, result) })
	s.checkFetches(t, before)
	s.fireCarriage(t, result)
	s.fireExchange(t, result)
	s.fireSubject(t, result)
	s.fireWycheproof(t, result)
	result.table(t, began)
	s.health(t)
	if grown := s.memory(t) - memory; grown > 64<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	} else {
		t.Logf("memory grew by %d KiB", grown>>10)
	}
	s.kill()
	s.checkLog(t)
}

// classes groups cases.
func classes(all []attack.Case) (list [][]attack.Case) {
	for _, c := range all {
		if n := len(list); n > 0 && list[n-1][0].Class == c.Class {
			list[n-1] = append(list[n-1], c)
		} else {
			list = append(list, []attack.Case{c})
		}
	}
	return list
}

// fireBad sends every case to every route.
func (s *target) fireBad(result *scores, cases []attack.Case) {
	eachOnWire(s, cases, func(w *wire, _ int, c attack.Case) {
		result.add(c.Class, func(n *score) { n.cases++ })
		user := s.world.Bad(c)
		admin := attack.Mint(s.world.Base(c), adminRoles, c.Edit)
		for _, r := range s.routes {
			token, code := user, c.Want
			if r.admin {
				token, code = admin, c.Admin
			}
			expect, harmless := onWire(code, token)
			if code == "" || harmless { // good here: fireGood sends it
				continue
			}
			a, err := w.send(s.message(r, token).String())
			result.judge(c.Class, fmt.Sprintf("%s: %s", r, c), expect, a, err, token)
		}
	})
}

var adminRoles = attack.Set("roles", []string{attack.AdminRole})

// fireGood sends the twin of every case to one route of each kind, another one for each case.
func (s *target) fireGood(result *scores, cases []attack.Case) {
	admins := slices.DeleteFunc(slices.Clone(s.routes), func(r route) bool { return !r.admin })
	users := slices.DeleteFunc(slices.Clone(s.routes), func(r route) bool { return r.admin })
	eachOnWire(s, cases, func(w *wire, i int, c attack.Case) {
		for _, some := range [][]route{users, admins} {
			if len(some) > 0 {
				r := some[i%len(some)]
				a, err := w.send(s.message(r, s.twinOf(c, r)).String())
				result.twin(c.Class, fmt.Sprintf("%s: %s", r, c), a, err)
			}
		}
	})
}

// twinOf is the good token beside a case.
func (s *target) twinOf(c attack.Case, r route) string {
	edit := c.Twin
	switch {
	case r.admin && c.Admin == "": // the case itself is good there
		edit = c.Edit
	case r.admin && c.Class == 'H': // many of its twins set roles
		edit = nil
	}
	if edit == nil && !c.V1 {
		return s.good(r)
	}
	return attack.Mint(s.world.Base(c), r.base(), edit)
}

// fireTwins sends every harmless variation to every route.
func (s *target) fireTwins(result *scores) {
	twins := s.world.Twins()
	eachOnWire(s, twins, func(w *wire, _ int, twin attack.Twin) {
		user, admin := s.world.Mint(twin), s.world.Mint(twin, adminRoles)
		for _, r := range s.routes {
			token := user
			if r.admin {
				token = admin
			}
			a, err := w.send(s.message(r, token).String())
			result.twin('+', fmt.Sprintf("%s: %s", r, twin.Name), a, err)
		}
		result.add('+', func(n *score) { n.cases++ })
	})
}

// fireSizes is what class L has beside tokens: header and body.
func (s *target) fireSizes(result *scores) {
	type size struct {
		name   string
		change func(message) message
		want   want
		body   bool // for routes that take one
	}
	eachOnWire(s, []size{
		{"header of 40 KiB", func(m message) message { return m.with("X-Fill: " + strings.Repeat("x", 40<<10)) }, transport(431), false},
		{"1000 header fields of 100 bytes", func(m message) message {
			return m.with(strings.Split(strings.Repeat("X-Fill: "+strings.Repeat("x", 90)+"\n", 1000)+"X-End: x", "\n")...)
		}, transport(431), false},
		{"10000 header fields", func(m message) message {
			return m.with(strings.Split(strings.Repeat("X-F: x\n", 10_000)+"X-End: x", "\n")...)
		}, transport(431), false},
		{"name of a field of 40 KiB", func(m message) message { return m.with("X-" + strings.Repeat("x", 40<<10) + ": x") }, transport(431), false},
		{"path of 40 KiB", func(m message) message { return m.to("GET", "/"+strings.Repeat("x", 40<<10)) }, transport(431), false},
		{"body of 16 KiB and a byte", func(m message) message { return m.sending("{" + strings.Repeat(" ", 16<<10-1) + "}") }, refused("body_too_large"), true},
		{"body of 1 MiB", func(m message) message { return m.sending("{" + strings.Repeat(" ", 1<<20) + "}") }, refused("body_too_large"), true},
		{"body of 16 KiB, deeply nested", func(m message) message {
			return m.sending(`{"x":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}")
		}, refused("body_invalid"), true},
	}, func(w *wire, _ int, c size) {
		result.add('L', func(n *score) { n.cases++ })
		for _, r := range s.routes {
			if c.body && r.body == "" {
				continue
			}
			token := s.good(r)
			a, err := w.send(c.change(s.message(r, token)).String())
			result.judge('L', fmt.Sprintf("%s: %s", r, c.name), c.want, a, err, token)
		}
	})
}

// fireCombinations puts 2 to 4 mutations of different classes on one token. The seed is printed.
func (s *target) fireCombinations(t *testing.T, result *scores) {
	n := *combinations
	if n == 0 {
		n = scaled(1000, 20_000)
	}
	seed := rand.Uint64()
	t.Logf("%d combinations, seed %d", n, seed)
	cases := slices.DeleteFunc(s.world.Cases(), func(c attack.Case) bool { return c.V1 || c.Admin == "" || !s.world.Combines(c) })
	eachOnWire(s, make([]struct{}, n), func(w *wire, i int, _ struct{}) {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		at := s.routes[r.IntN(len(s.routes))]
		k, names, used := s.world.V2(), []string{}, ""
		at.base()(k)
		for len(names) < 2+r.IntN(3) {
			if c := cases[r.IntN(len(cases))]; strings.IndexByte(used, c.Class) < 0 {
				c.Edit(k)
				names, used = append(names, c.String()), used+string(c.Class)
			}
		}
		token := attack.Mint(k)
		a, err := w.send(s.message(at, token).String())
		var fault string
		switch {
		case err != nil:
			fault = err.Error()
		case a.status != 400 && a.status != 401 && a.status != 403 && a.status != 431 || a.status != 431 && !strings.HasPrefix(a.code, "token_") && a.code != "admin_role":
			fault = a.String()
		default:
			fault = leak(a, []string{token})
		}
		result.add('*', func(n *score) {
			n.cases++
			n.requests++
			if fault == "" {
				n.refused++
				return
			}
			n.wrong++
			result.faults['*'] = append(result.faults['*'], fmt.Sprintf("%s: %v: %s", at, names, fault))
		})
	})
}

// checkFetches fails if unknown keys made the server load a key set more than twice, or ask for anything that nobody publishes.
func (s *target) checkFetches(t *testing.T, before map[string]int) {
	t.Helper()
	for path, n := range s.authority.KeyFetches() {
		t.Logf("key set %s: %d fetches by the classes A to L", path, n-before[path])
		if n-before[path] > 2 {
			t.Errorf("the classes A to L caused %d fetches of %s, allowed are 2", n-before[path], path)
		}
	}
	if _, unknown := s.authority.Fetches(); unknown != 0 {
		t.Errorf("the authority was asked for %d things that it does not publish", unknown)
	}
}

// inLog is what no log line may hold: a token, or what a token says of a person.
var inLog = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{16,}|AAAA-pairwise|@example\.com|` + attack.Alice + `|` + attack.Bob)

// checkLog looks at the log of the whole run, at level debug. The process has ended.
func (s *target) checkLog(t *testing.T) {
	t.Helper()
	log := s.log.String()
	if at := inLog.FindStringIndex(log); at != nil {
		t.Errorf("the log tells too much: %q", log[max(0, at[0]-300):min(len(log), at[1]+100)])
	}
	if strings.Contains(log, "goroutine ") || strings.Contains(log, `"stack"`) {
		t.Error("the log has a stack")
	}
	t.Logf("%d KiB of log", len(log)>>10)
}
