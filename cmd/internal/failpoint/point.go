//go:build failpoints

package failpoint

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Built reports whether this build has kill points.
const Built = true

// variable names the point. It does not begin like a setting, so the service does not refuse it.
const variable = "FAILPOINT"

// lastPoint is the number of the last point.
const lastPoint = 14

// A point is where this process dies. The zero value is nowhere.
type point struct {
	name   string
	at     int64
	passed atomic.Int64
}

// read finds out where to die, and ends the process if that cannot be understood.
func read() *point {
	p, err := parse(os.Getenv(variable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return p
}

func parse(value string) (*point, error) {
	if value == "" {
		return &point{}, nil
	}
	name, passage, given := strings.Cut(value, ":")
	p := &point{name: name, at: 1}
	if given {
		n, err := strconv.ParseInt(passage, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: the passage is not a whole number from 1 on", variable)
		}
		p.at = n
	}
	var names []string
	for n := range lastPoint {
		names = append(names, "F"+strconv.Itoa(n+1))
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("%s: there is no point of this name, but %s", variable, strings.Join(names, ", "))
	}
	return p, nil
}

// due reports whether the process is to die now, and counts the passage.
func (p *point) due(name string) bool { return p.name == name && p.passed.Add(1) == p.at }

// pass dies if it is due.
func (p *point) pass(name string) {
	if p.due(name) {
		die()
	}
}

// during dies, if it is due, while f runs: soon after its begin, and whether or not it has ended.
func (p *point) during(name string, f func() error) error {
	if !p.due(name) {
		return f()
	}
	go func() {
		time.Sleep(rand.N(3 * time.Millisecond))
		die()
	}()
	_ = f() // nobody gets to know
	select {}
}

// die is kill -9 of this process.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until it takes effect
}
