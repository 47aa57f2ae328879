package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rehearsal is a named scenario: what it does, what to look for, and how it stands.
type Rehearsal struct {
	Name    string   `json:"name"`
	Summary string   `json:"summary"`
	Sees    string   `json:"sees"`              // what a client sees
	Right   string   `json:"right"`             // what a right client does
	Ends    string   `json:"ends"`              // how it ends
	Options []string `json:"options,omitempty"` // names of the options that it takes; see [RehearsalOptions]

	// Defaults are the options that it has unless others are given.
	Defaults RehearsalOptions `json:"defaults,omitzero"`

	Active  bool              `json:"active"`
	Started time.Time         `json:"started,omitzero"` // last time, by the clock of the services
	Left    int               `json:"left,omitempty"`   // requests that still meet it, -1 without a bound
	Until   time.Time         `json:"until,omitzero"`
	Detail  map[string]string `json:"detail,omitempty"` // what it made, such as the new access key
}

// RehearsalOptions change a rehearsal. A zero value is the rehearsal's own default; an option that it does not take is an error.
type RehearsalOptions struct {
	Times      int           // requests that meet it; -1: until it is ended
	For        time.Duration // ends it earlier, by the clock of the services
	Op         string        // operation, as in [Emulator.AddFault]
	Status     int           // 400 to 599
	RetryAfter string        // header; "none" for none
	Delay      time.Duration // up to 10 minutes
	Lag        time.Duration // up to 10 minutes
	By         time.Duration // how far the clock moves
	Slot       string        // access key: primary or secondary
	Drop       bool          // withdraw the old keys
	Claims     string        // claims challenge, in JSON
}

// given names the options that are set.
func (o RehearsalOptions) given() []string {
	var names []string
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"times", o.Times != 0}, {"for", o.For != 0}, {"op", o.Op != ""}, {"status", o.Status != 0}, {"retryAfter", o.RetryAfter != ""},
		{"delay", o.Delay != 0}, {"lag", o.Lag != 0}, {"by", o.By != 0}, {"slot", o.Slot != ""}, {"drop", o.Drop}, {"claims", o.Claims != ""},
	} {
		if option.set {
			names = append(names, option.name)
		}
	}
	return names
}

// or fills what is not set.
func (o RehearsalOptions) or(d RehearsalOptions) RehearsalOptions {
	return RehearsalOptions{
		Times: cmp.Or(o.Times, d.Times), For: cmp.Or(o.For, d.For), Op: cmp.Or(o.Op, d.Op), Status: cmp.Or(o.Status, d.Status),
		RetryAfter: cmp.Or(o.RetryAfter, d.RetryAfter), Delay: cmp.Or(o.Delay, d.Delay), Lag: cmp.Or(o.Lag, d.Lag), By: cmp.Or(o.By, d.By),
		Slot: cmp.Or(o.Slot, d.Slot), Drop: o.Drop || d.Drop, Claims: cmp.Or(o.Claims, d.Claims),
	}
}

// run is a rehearsal that was begun.
type run struct {
	name    string
	started time.Time
	undo    func() error // nil: nothing is to be undone
	detail  map[string]string
}

// rehearsals are what was begun since the last reset, by name.
type rehearsals struct {
	mu   sync.Mutex
	runs map[string]*run
}

// Rehearse begins a scenario by its name; see [Emulator.Rehearsals]. One that is under way begins anew.
func (e *Emulator) Rehearse(name string) (Rehearsal, error) {
	return e.RehearseWith(name, RehearsalOptions{})
}

// RehearseWith is [Emulator.Rehearse] with options.
func (e *Emulator) RehearseWith(name string, o RehearsalOptions) (Rehearsal, error) {
	s, ok := scenarioNamed(name)
	if !ok {
		return Rehearsal{}, fmt.Errorf("emulator: there is no rehearsal %.40q; there are %s", name, strings.Join(scenarioNames(), ", "))
	}
	for _, option := range o.given() {
		if !slices.Contains(s.options, option) {
			return Rehearsal{}, fmt.Errorf("emulator: %s does not take %s; it takes %s", name, option, orNothing(s.options))
		}
	}
	if o.For < 0 || o.Times < endless {
		return Rehearsal{}, fmt.Errorf("emulator: for and times cannot be negative, but times can be -1 for no bound")
	}
	e.rehearsals.mu.Lock()
	defer e.rehearsals.mu.Unlock()
	e.end(name)
	r := &run{name: name, started: e.Now()}
	if err := s.begin(e, r, o.or(s.defaults)); err != nil {
		return Rehearsal{}, fmt.Errorf("emulator: rehearse %s: %w", name, err)
	}
	if e.rehearsals.runs == nil {
		e.rehearsals.runs = make(map[string]*run)
	}
	e.rehearsals.runs[name] = r
	return e.standing(s), nil
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "no options"
	}
	return strings.Join(names, ", ")
}

// EndRehearsals ends all rehearsals and undoes what can be undone.
func (e *Emulator) EndRehearsals() {
	e.rehearsals.mu.Lock()
	defer e.rehearsals.mu.Unlock()
	for _, name := range scenarioNames() {
		e.end(name)
	}
}

// EndRehearsal ends one rehearsal. A name that is not known, or not under way, is nothing to do.
func (e *Emulator) EndRehearsal(name string) {
	e.rehearsals.mu.Lock()
	defer e.rehearsals.mu.Unlock()
	e.end(name)
}

// end ends a rehearsal. The lock must be held.
func (e *Emulator) end(name string) {
	e.faults.rules.drop(name)
	r := e.rehearsals.runs[name]
	if r == nil || r.undo == nil {
		return
	}
	if err := r.undo(); err != nil {
		e.options.Log.Error("emulator: end of rehearsal", "name", name, "error", err)
	}
	r.undo, r.detail = nil, nil
}

// Rehearsals lists all scenarios and how they stand.
func (e *Emulator) Rehearsals() []Rehearsal {
	e.rehearsals.mu.Lock()
	defer e.rehearsals.mu.Unlock()
	var list []Rehearsal
	for _, s := range scenarios() {
		list = append(list, e.standing(s))
	}
	return list
}

// standing is a scenario as it stands. The lock must be held.
func (e *Emulator) standing(s scenario) Rehearsal {
	out := Rehearsal{Name: s.name, Summary: s.summary, Sees: s.sees, Right: s.right, Options: s.options, Defaults: s.defaults,
		Ends: strings.ReplaceAll(s.ends, "{times}", strconv.Itoa(s.defaults.Times))}
	if r := e.rehearsals.runs[s.name]; r != nil {
		out.Started, out.Detail, out.Active = r.started.UTC(), r.detail, r.undo != nil
	}
	for _, rule := range e.faults.rules.all() {
		if rule.Rehearsal == s.name {
			out.Active, out.Left, out.Until = true, rule.Times, rule.Until
		}
	}
	return out
}

func scenarioNamed(name string) (scenario, bool) {
	list := scenarios()
	i := slices.IndexFunc(list, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, false
	}
	return list[i], true
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}
