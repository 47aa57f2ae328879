package policy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

// DefaultInterval is how often a file is read again.
const DefaultInterval = 10 * time.Second

// Options of a Source.
type Options struct {
	// Interval is the time between two looks at the file. 0: DefaultInterval.
	Interval time.Duration
	// Log is told of each new policy, and once of each bad one. Nil: no log.
	Log *slog.Logger
}

// A Source holds the policy in force.
type Source struct {
	path     string
	fallback *Policy
	options  Options
	now      atomic.Pointer[Policy]
	fault    atomic.Pointer[error] // of the file as it is, nil if that is in force
	seen     string                // of Run only: the last file that was looked at
}

// Open reads the policy of a file. With path "" the fallback is in force for
// good; otherwise it is what holds while the file is in audit mode. The error
// holds all faults of the file.
func Open(path string, fallback *Policy, o Options) (*Source, error) {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{path: path, fallback: fallback, options: o}
	if path == "" {
		s.now.Store(fallback)
		return s, nil
	}
	text, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := Parse(text)
	if err != nil {
		return nil, inFile(path, err)
	}
	s.seen = fingerprint(text, nil)
	s.now.Store(p.WithFallback(fallback))
	return s, nil
}

// inFile puts the name of the file before each fault.
func inFile(path string, err error) error {
	var errs []error
	for _, e := range Faults(err) {
		errs = append(errs, fmt.Errorf("%s: %w", clean(path), e))
	}
	return errors.Join(errs...)
}

// Faults takes an error of Parse or Open apart. Another error stays as it is.
func Faults(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// Decide asks the policy in force.
func (s *Source) Decide(c acsauth.Caller, op Operation) Decision {
	return s.now.Load().Decide(c, op)
}

// Policy returns the policy in force.
func (s *Source) Policy() *Policy { return s.now.Load() }

// Version names the policy in force, see [Policy.Version].
func (s *Source) Version() string { return s.now.Load().Version() }

// Fault says why the file, as it is, is not in force. Nil: it is.
func (s *Source) Fault() error {
	if e := s.fault.Load(); e != nil {
		return *e
	}
	return nil
}

// Run looks at the file again and again until ctx ends. Its content counts, not
// its time, so links that a deployment turns over are seen. A bad file changes nothing.
func (s *Source) Run(ctx context.Context) {
	if s.path == "" {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(s.options.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.look(ctx)
		}
	}
}

func (s *Source) look(ctx context.Context) {
	text, err := ReadFile(s.path)
	if seen := fingerprint(text, err); seen == s.seen {
		return
	} else {
		s.seen = seen
	}
	var p *Policy
	if err == nil {
		p, err = Parse(text)
	}
	if err != nil {
		s.fault.Store(&err)
		s.options.Log.LogAttrs(ctx, slog.LevelError, "the policy file cannot be used; the policy before it stays in force",
			slog.String("file", s.path), slog.String("version", s.Version()), slog.String("faults", oneLine(err)))
		return
	}
	old := s.Policy()
	s.now.Store(p.WithFallback(s.fallback))
	s.fault.Store(nil)
	if p.version == old.version { // a bad file was put right
		s.options.Log.LogAttrs(ctx, slog.LevelInfo, "the policy file is good again", slog.String("file", s.path), slog.String("version", p.version))
		return
	}
	s.options.Log.LogAttrs(ctx, slog.LevelInfo, "a new policy is in force", slog.String("file", s.path),
		slog.String("version", p.version), slog.String("before", old.version), slog.String("mode", string(p.mode)), slog.Int("rules", len(p.rules)))
}

// oneLine tells the first faults of a file.
func oneLine(err error) string {
	const most = 5
	faults := Faults(err)
	var out []string
	for _, f := range faults[:min(most, len(faults))] {
		out = append(out, f.Error())
	}
	if more := len(faults) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, " | ")
}

// fingerprint tells two states of a file apart.
func fingerprint(text []byte, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	sum := sha256.Sum256(text)
	return string(sum[:])
}

// ReadFile reads a policy file, at most MaxSize bytes and one more, which Parse refuses.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a file", clean(path)) // to open a pipe would wait
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxSize+1))
}
