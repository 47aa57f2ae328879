package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth/internal/config"
)

// MinVaultInterval is the least time between two fetches of one secret from Key Vault.
const MinVaultInterval = 5 * time.Minute

// ErrRestart is what [Watcher.Apply] says of a secret that only a restart can change.
var ErrRestart = errors.New("it is used after a restart")

// The events that [Watcher.Observe] is told.
const (
	EventReplaced = "secret_replaced"    // a changed secret is in use
	EventKept     = "secret_kept"        // a changed secret is bad or cannot be read, and the one before stays
	EventRestart  = "secret_for_restart" // a changed secret waits for a restart
)

// EventNames lists the closed set of event names.
func EventNames() []string { return []string{EventReplaced, EventKept, EventRestart} }

// A Watcher reads secrets again and hands on what has changed. The fields are set before [Watcher.Run].
type Watcher struct {
	// Sources are the secrets to watch, and Current their values now, by name.
	Sources []config.SecretSource
	Current map[string]config.Secret
	// Interval is the time between two rounds. Key Vault is asked at most every [MinVaultInterval].
	Interval time.Duration
	// Fetch gets a secret from Key Vault.
	Fetch config.Fetch
	// Apply puts changed secrets to use, all of one round at once. It returns what it could not use and why, by
	// name; [ErrRestart] is one of the reasons. For all others the new value counts as in use.
	Apply func(changed map[string]config.Secret) map[string]error
	Log   *slog.Logger
	// Observe is told each event. Nil: nobody is told.
	Observe func(event string)

	states map[string]*state
}

// A state is what a Watcher knows of one secret.
type state struct {
	ref     config.Reference // what was fetched last
	next    time.Time        // no other fetch of it before
	err     error            // how that fetch ended
	refused config.Secret    // the last value that was not taken
	problem string           // what was said last, so that it is said once
}

// Run reads the secrets every Interval until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	if len(w.Sources) == 0 || w.Interval <= 0 {
		return
	}
	w.begin(time.Now())
	tick := time.NewTicker(w.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.round(ctx)
		}
	}
}

// begin counts the values at the start as fetched at that moment.
func (w *Watcher) begin(now time.Time) {
	w.Current = maps.Clone(w.Current)
	w.states = make(map[string]*state, len(w.Sources))
	for _, s := range w.Sources {
		w.states[s.Name] = &state{ref: s.Reference, next: now.Add(max(w.Interval, MinVaultInterval))}
	}
}

// round reads every secret once and hands on those that have changed.
func (w *Watcher) round(ctx context.Context) {
	changed := map[string]config.Secret{}
	for _, s := range w.Sources {
		value, err := w.read(ctx, s)
		if ctx.Err() != nil {
			return
		}
		st := w.states[s.Name]
		switch {
		case err != nil:
			w.keep(s.Name, err)
		case value.Equal(w.Current[s.Name]):
			w.well(s.Name)
		case !st.refused.IsZero() && value.Equal(st.refused):
			// It was said already. Values that depend on each other may be right together later, so it is tried again.
			changed[s.Name] = value
		default:
			st.problem = ""
			changed[s.Name] = value
		}
	}
	if len(changed) > 0 {
		w.apply(changed)
	}
}

func (w *Watcher) apply(changed map[string]config.Secret) {
	failed := w.Apply(changed)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		st := w.states[name]
		if err := failed[name]; err != nil {
			st.refused = changed[name]
			w.keep(name, err)
			continue
		}
		w.Current[name] = changed[name]
		st.problem, st.refused = "", config.Secret{}
		w.Log.Info("a changed secret is in use", "setting", name)
		w.tell(EventReplaced)
	}
}

// read gets the secret from its file, from Key Vault, or from the place in Key Vault that its file names.
func (w *Watcher) read(ctx context.Context, s config.SecretSource) (config.Secret, error) {
	ref := s.Reference
	if s.Path != "" {
		value, err := config.ReadSecretFile(s.Path)
		if err != nil {
			return config.Secret{}, err
		}
		var inVault bool
		if ref, inVault = value.Reference(); !inVault {
			return value, nil
		}
	}
	return w.fetch(ctx, s.Name, ref)
}

// fetch asks Key Vault, or returns what it said last if that was not long ago or cannot have changed.
func (w *Watcher) fetch(ctx context.Context, name string, ref config.Reference) (config.Secret, error) {
	st := w.states[name]
	if ref == st.ref && (time.Now().Before(st.next) || ref.Version != "" && st.err == nil) {
		if st.err == nil && !st.refused.IsZero() {
			return st.refused, nil
		}
		return w.Current[name], st.err
	}
	st.ref, st.next = ref, time.Now().Add(max(w.Interval, MinVaultInterval))
	text, err := w.Fetch(ctx, ref)
	if err != nil {
		st.err = fmt.Errorf("cannot be fetched from Key Vault: %w", err)
		return config.Secret{}, st.err
	}
	var value config.Secret
	value, st.err = config.FetchedSecret(ref, text)
	return value, st.err
}

// keep says once why a new value is not used.
func (w *Watcher) keep(name string, why error) {
	st := w.states[name]
	if st.problem == why.Error() {
		return
	}
	st.problem = why.Error()
	if errors.Is(why, ErrRestart) {
		w.Log.Warn("a secret has changed; it is used after a restart", "setting", name)
		w.tell(EventRestart)
		return
	}
	w.Log.Warn("a secret cannot be used as it is now; the one before stays in use", "setting", name, "problem", st.problem)
	w.tell(EventKept)
}

// well notes that the secret is as it was.
func (w *Watcher) well(name string) {
	st := w.states[name]
	if st.problem != "" {
		w.Log.Info("a secret is again as it is in use", "setting", name)
	}
	st.problem, st.refused = "", config.Secret{}
}

func (w *Watcher) tell(event string) {
	if w.Observe != nil {
		w.Observe(event)
	}
}
