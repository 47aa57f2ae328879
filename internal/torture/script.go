package torture

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
)

// A script is the life of one user: sign in from several places at once, and
// now and then delete the identity, before or while others sign in, and come back.
type script struct {
	c      *client
	ledger *Ledger
	user   int
	token  string
	rng    *rand.Rand
}

func (s *script) run(ctx context.Context) {
	s.signIn(ctx, 2+s.rng.IntN(3))
	switch s.rng.IntN(4) {
	case 0:
		s.remove(ctx)
		s.signIn(ctx, 1+s.rng.IntN(3))
	case 1:
		s.race(ctx, 2+s.rng.IntN(2))
		s.signIn(ctx, 2)
	}
}

// signIn has n calls at once on any replicas.
func (s *script) signIn(ctx context.Context, n int) {
	s.together(n, func(i int) { s.show(ctx, i, s.ledger.Shown) })
}

// race has a deletion and n sign-ins at once.
func (s *script) race(ctx context.Context, n int) {
	s.together(n+1, func(i int) {
		if i == 0 {
			s.erase(ctx)
			return
		}
		s.show(ctx, i, s.ledger.Raced)
	})
	s.ledger.Forget(s.user)
}

// remove deletes the identity while nobody else is at it.
func (s *script) remove(ctx context.Context) {
	if s.erase(ctx) {
		s.ledger.Deleted(s.user)
	}
}

func (s *script) together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// show asks who the user is, by one route or another, and notes the answer.
func (s *script) show(ctx context.Context, i int, note func(user int, id string)) {
	r := request{method: http.MethodPost, path: "/getUser", token: s.token, statuses: []int{http.StatusOK, http.StatusCreated}}
	if i%3 == 2 {
		r.path = "/getToken"
	}
	s.noted(ctx, r, -1, note)
}

func (s *script) noted(ctx context.Context, r request, replica int, note func(user int, id string)) {
	a, err := s.c.do(ctx, r, replica)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.ledger.Violate("user %d: %v", s.user, err)
	default:
		note(s.user, a.id())
	}
}

// erase deletes until the deletion is acknowledged.
func (s *script) erase(ctx context.Context) bool {
	r := request{method: http.MethodDelete, path: "/api/user", token: s.token, statuses: []int{http.StatusNoContent}}
	_, err := s.c.do(ctx, r, -1)
	if err != nil && ctx.Err() == nil {
		s.ledger.Violate("user %d: %v", s.user, err)
	}
	return err == nil
}

// settle asks every replica who the user is: all must agree.
func (s *script) settle(ctx context.Context, replicas int) {
	r := request{method: http.MethodPost, path: "/getUser", token: s.token, statuses: []int{http.StatusOK, http.StatusCreated}}
	for i := range replicas {
		s.noted(ctx, r, i, s.ledger.Shown)
	}
}
