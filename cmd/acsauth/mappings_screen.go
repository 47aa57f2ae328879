package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/moving"
)

const (
	drawEvery = 200 * time.Millisecond // on a terminal
	tellEvery = 5 * time.Second        // elsewhere
	maxNotes  = 20                     // rows that are named in each phase
)

// A screen shows how far a run is, on the standard error: a bar on a terminal, a line
// every few seconds elsewhere.
type screen struct {
	meter    *moving.Meter
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	notes int
	said  map[moving.Note]bool // at most maxNotes in each phase
	once  sync.Once
	end   chan struct{}
	done  chan struct{}
}

func newScreen(c cli.Call, quiet bool) *screen {
	s := &screen{meter: &moving.Meter{}, said: map[moving.Note]bool{}, out: c.Stderr, terminal: isTerminal(c.Stderr), end: make(chan struct{}), done: make(chan struct{})}
	if quiet {
		close(s.done)
		s.terminal = false // nothing to wipe
		return s
	}
	go s.run()
	return s
}

// isTerminal reports whether a person reads along.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (s *screen) run() {
	defer close(s.done)
	every := tellEvery
	if s.terminal {
		every = drawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.draw()
		case <-s.end:
			return
		}
	}
}

const wipe = "\r\x1b[K" // takes the bar away

func (s *screen) draw() {
	r := s.meter.Read()
	if r.Phase == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.out, wipe+bar(r))
		return
	}
	fmt.Fprintln(s.out, words(r))
}

// note names a row; of many, only the first.
func (s *screen) note(n moving.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said[n] {
		return // the comparison found again what is known
	}
	if s.notes++; s.notes > maxNotes+1 {
		return
	}
	if s.terminal {
		fmt.Fprint(s.out, wipe)
	}
	switch {
	case s.notes > maxNotes:
		fmt.Fprintln(s.out, "... and more")
	case n.User == "":
		fmt.Fprintln(s.out, n.Reason)
	default:
		fmt.Fprintf(s.out, "user %s: %s\n", n.User, n.Reason)
	}
	s.said[n] = s.notes <= maxNotes
}

// newPhase lets more rows be named.
func (s *screen) newPhase() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = 0
}

// stop takes the bar away. It may be called twice.
func (s *screen) stop() {
	s.once.Do(func() {
		close(s.end)
		<-s.done
		if s.terminal {
			fmt.Fprint(s.out, wipe)
		}
	})
}

// words describes a reading, such as "copying 500 of 1000, 250/s, 2s left".
func words(r moving.Reading) string {
	text := fmt.Sprintf("%s %d", r.Phase, r.Done)
	if r.Total >= 0 {
		text += fmt.Sprintf(" of %d", max(r.Total, r.Done))
	}
	if r.Rate > 0 {
		text += fmt.Sprintf(", %.0f/s", r.Rate)
	}
	if r.Left > 0 {
		text += fmt.Sprintf(", %v left", r.Left.Round(time.Second))
	}
	return text
}

// bar is a reading with a bar, where the end is known.
func bar(r moving.Reading) string {
	const width = 30
	if r.Total <= 0 {
		return words(r)
	}
	full := int(width * min(r.Done, r.Total) / r.Total)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "] " + words(r)
}
