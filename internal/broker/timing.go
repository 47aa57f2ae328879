package broker

import (
	"context"
	"math/rand/v2"
	"time"
)

// timing holds every duration and count of the protocol.
type timing struct {
	lease       time.Duration // of an intent, by the store's clock
	create      time.Duration // limit of one create
	ensure      time.Duration // limit of a whole EnsureIdentity, client or no client
	call        time.Duration // limit of any other work at ACS
	firstPoll   time.Duration // wait for another holder: first pause, doubled up to lastPoll
	lastPoll    time.Duration
	patience    time.Duration // wait for another holder: in all
	commitTries int           // commits of one identity before the store counts as down
	unsure      int           // intents of unknown fate within one call before the store counts as down
	rounds      int           // walks around the circle within one call

	sleep func(context.Context, time.Duration) error // tests replace it

	sweepEvery   time.Duration
	sweepLock    time.Duration
	intentGrace  time.Duration // an intent is swept this long after its lease
	deleteLease  time.Duration // a deletion is finished by the sweeper after this
	deletePause  time.Duration // between two deletes of the sweeper: at most 8 a second
	quiet        time.Duration // a create runs within this time after it was sent, or never
	resolve      time.Duration // how long a suspect with a customId is tried
	keepSuspects time.Duration
	sweepBatch   int
}

func defaultTiming() timing {
	return timing{
		lease: 15 * time.Second, create: 10 * time.Second, ensure: 30 * time.Second, call: 15 * time.Second,
		firstPoll: 20 * time.Millisecond, lastPoll: 320 * time.Millisecond, patience: 6 * time.Second,
		commitTries: 5, unsure: 2, rounds: 16, sleep: sleep,
		sweepEvery: 5 * time.Second, sweepLock: 30 * time.Second, intentGrace: 60 * time.Second,
		deleteLease: 30 * time.Second, deletePause: 125 * time.Millisecond, quiet: 10 * time.Minute,
		resolve: 48 * time.Hour, keepSuspects: 90 * 24 * time.Hour, sweepBatch: 100,
	}
}

// A pause grows from first to last with a quarter of jitter either way.
type pause struct {
	next, last time.Duration
	sleep      func(context.Context, time.Duration) error
}

func (t *timing) pause() pause { return pause{t.firstPoll, t.lastPoll, t.sleep} }

func (p *pause) wait(ctx context.Context) error {
	d := p.next*3/4 + rand.N(p.next/2+1)
	p.next = min(p.next*2, p.last)
	return p.sleep(ctx, d)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
