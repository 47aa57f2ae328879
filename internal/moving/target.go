package moving

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	defaultTries = 8
	maxPause     = 10 * time.Second
)

// An outcome is what became of one row.
type outcome uint8

const (
	added    outcome = iota // it is in the target now
	present                 // it was there already
	conflict                // the target has something else, which stays
)

// A Target is the store that rows and lines go to.
type Target struct {
	Store acsauth.Store
	// Stepwise makes rows in the steps of a Broker: Pending, then Active, then
	// Deleting. For a store that takes no other writes (see [acsauth.Store], "A
	// place that can only insert").
	Stepwise bool
	// Tries is how often a write whose outcome is unknown is tried. Zero: 8.
	Tries int
	// Pause is the time before the second try; it doubles with each. Zero: 100 ms.
	Pause time.Duration
}

// put makes sure that the target holds m, and never changes what it holds. The
// reason says what stands in the way. An error means that nothing is known.
func (t Target) put(ctx context.Context, m acsauth.Mapping) (o outcome, reason string, err error) {
	m.Lease = 0 // of a Deleting row: the sweeper may take it up at once
	pause := cmp.Or(t.Pause, 100*time.Millisecond)
	for try := 1; ; try++ {
		err = t.insert(ctx, m)
		if err == nil {
			return added, "", nil
		}
		o, reason, known := t.judge(ctx, m, err)
		if known && o == present && try > 1 {
			o = added // by an earlier try
		}
		if known {
			return o, reason, nil
		}
		if ctx.Err() != nil || try >= cmp.Or(t.Tries, defaultTries) {
			return 0, "", fmt.Errorf("the row of user %s: %w", m.Key.Hash(), err)
		}
		if err := sleep(ctx, pause); err != nil {
			return 0, "", err
		}
		pause = min(2*pause, maxPause)
	}
}

// judge looks what a refused or unknown write has left. It answers known=false if a
// repeat can tell more, which is harmless: an insert happens once.
func (t Target) judge(ctx context.Context, m acsauth.Mapping, cause error) (o outcome, reason string, known bool) {
	got, err := t.Store.Get(ctx, m.Key)
	switch {
	case errors.Is(err, acsauth.ErrNotFound):
		return t.judgeIdentity(ctx, m)
	case err != nil:
		return 0, "", false
	case Same(m, got) && errors.Is(cause, acsauth.ErrConflict):
		return present, "", true
	case Same(m, got):
		return added, "", true // by this write, or before it
	case t.Stepwise && got.Attempt == stepAttempt(m):
		return 0, "", false // between two steps
	}
	return conflict, difference(m, got), true
}

// judgeIdentity asks whether the identity belongs to another user, which no repeat would change.
func (t Target) judgeIdentity(ctx context.Context, m acsauth.Mapping) (outcome, string, bool) {
	finder, ok := t.Store.(acsauth.Finder)
	if !ok {
		return 0, "", false
	}
	if got, err := finder.Find(ctx, m.Identity); err == nil && got.Key != m.Key {
		return conflict, "its identity belongs to user " + got.Key.Hash() + " in the target", true
	}
	return 0, "", false
}

// insert is the one place that writes a row.
func (t Target) insert(ctx context.Context, m acsauth.Mapping) error {
	if t.Stepwise {
		return t.step(ctx, m)
	}
	return t.Store.Insert(ctx, m)
}

// step writes m as a Broker would. Begun before, it goes on where it was.
func (t Target) step(ctx context.Context, m acsauth.Mapping) error {
	pending := acsauth.Mapping{Key: m.Key, State: acsauth.Pending, Attempt: stepAttempt(m), Resource: m.Resource, Generation: m.Generation, Lease: time.Minute}
	active := pending
	active.State, active.Identity, active.Lease = acsauth.Active, m.Identity, 0
	err := t.Store.Insert(ctx, pending)
	if errors.Is(err, acsauth.ErrConflict) {
		got, getErr := t.Store.Get(ctx, m.Key)
		switch {
		case getErr != nil:
			return errors.Join(errors.New("cannot read what is there"), getErr)
		case got.Fenced(active) && m.State == acsauth.Deleting:
			return t.Store.Replace(ctx, active, deletingOf(active), nil)
		case !got.Fenced(pending):
			return err
		}
	} else if err != nil {
		return err
	}
	if err := t.Store.Replace(ctx, pending, active, nil); err != nil || m.State == acsauth.Active {
		return err
	}
	return t.Store.Replace(ctx, active, deletingOf(active), nil)
}

func deletingOf(active acsauth.Mapping) acsauth.Mapping {
	active.State = acsauth.Deleting
	return active
}

// stepAttempt is the attempt of the steps for m. It is not m.Attempt: if the steps
// are cut short, a sweeper journals the attempt as a suspect, and that of a living identity must
// never be one.
func stepAttempt(m acsauth.Mapping) string {
	sum := sha256.Sum256([]byte(m.Attempt + "\x00" + string(m.Identity)))
	return "moved-" + hex.EncodeToString(sum[:16])
}

// difference says how the target differs from m, without personal data.
func difference(m, got acsauth.Mapping) string {
	switch {
	case got.State == acsauth.Pending:
		return "an identity is being made for the user in the target"
	case m.Identity != got.Identity:
		return "the target has another identity for the user"
	case m.State != got.State:
		return fmt.Sprintf("it is %s in the source and %s in the target", m.State, got.State)
	case m.Resource != got.Resource:
		return "it belongs to another ACS resource in the target"
	}
	return "it differs"
}

// putLine writes a journal line. A repeat is harmless.
func (t Target) putLine(ctx context.Context, line acsauth.JournalLine) error {
	err := t.patiently(ctx, func() error { return t.Store.PutLine(ctx, line) })
	if err != nil {
		return fmt.Errorf("the journal line of attempt %s: %w", line.Attempt, err)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
