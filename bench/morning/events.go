package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// mint gives each user a token that is signed with the newest key.
func (s *soak) mint(ctx context.Context) error {
	tokens, err := s.emulator.Tokens(ctx, steadyUsers)
	for i := range tokens {
		s.tokens[i].Store(&tokens[i])
	}
	return err
}

// disturb makes the bad moments happen, a quarter of the time apart.
func (s *soak) disturb(ctx context.Context) error {
	for _, event := range []func(context.Context) error{s.roll, s.burst, s.restart} {
		if !pause(ctx, s.soak/4) {
			return nil
		}
		if err := event(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// roll has Entra ID sign with its next key; users have tokens of both for a while.
func (s *soak) roll(ctx context.Context) error {
	if err := s.emulator.Call(ctx, http.MethodPost, "/keys/rotate", "", new(any)); err != nil {
		return err
	}
	s.happened("keys rolled")
	return s.mint(ctx)
}

// burst has ACS refuse what comes in two seconds, at this rate.
func (s *soak) burst(ctx context.Context) error {
	refusals := max(5, 2*s.rate/10) // most requests do not reach ACS
	body := fmt.Sprintf(`{"times":%d,"fault":{"status":429,"retryAfter":"2"}}`, refusals)
	if err := s.emulator.Call(ctx, http.MethodPost, "/faults", body, new(any)); err != nil {
		return err
	}
	s.happened(fmt.Sprintf("ACS refuses %d calls with 429", refusals))
	return nil
}

// restart stops PostgreSQL for a second.
func (s *soak) restart(ctx context.Context) error {
	if s.db == nil {
		return nil
	}
	begin := time.Now()
	s.happened("PostgreSQL stops")
	if err := s.db.Halt(); err != nil {
		return err
	}
	pause(ctx, time.Second)
	// The end of the load must not leave it stopped.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := s.db.Restart(ctx); err != nil {
		return err
	}
	s.happened(fmt.Sprintf("PostgreSQL was away for %.1f s", time.Since(begin).Seconds()))
	return nil
}
