package config

import (
	"errors"
	"slices"
)

// A Fault is one thing wrong with one setting. Its text is one line.
type Fault struct {
	Name    string // of the setting, or of the file
	Problem string // what is wrong
	Write   string // what to write instead; may be empty
}

// Error names the setting, the problem and what to write.
func (f *Fault) Error() string {
	s := f.Name + ": " + f.Problem
	if f.Write != "" {
		s += "; write " + f.Write
	}
	return s
}

// faults gathers what is wrong, in order.
type faults []*Fault

func (fs *faults) add(name, problem, write string) {
	*fs = append(*fs, &Fault{Name: name, Problem: problem, Write: write})
}

func (fs faults) has(name string) bool {
	for _, f := range fs {
		if f.Name == name {
			return true
		}
	}
	return false
}

// join returns all faults as one error, or nil.
func (fs faults) join() error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// Only keeps the faults in err, an error of Load, that concern the named settings.
func Only(err error, names ...string) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var kept faults
	for _, e := range joined.Unwrap() {
		if f, ok := errors.AsType[*Fault](e); ok && slices.Contains(names, f.Name) {
			kept = append(kept, f)
		}
	}
	return kept.join()
}
