package probe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// The modes, a label of the metrics.
const (
	ModePositive = "positive"
	ModeNegative = "negative"
)

// A Sample is what the metrics tell of a round. The names of checks are a closed set.
type Sample struct {
	Mode   string
	Passed bool
	At     time.Time // when the round began
	Took   time.Duration
	Checks []Checked
}

// A Checked is one check of a round: all its requests were answered as they must be, and how long they took.
type Checked struct {
	Name    string
	Passed  bool
	Seconds float64
}

// Sample condenses the report for the metrics.
func (r PositiveReport) Sample() Sample {
	s := Sample{Mode: ModePositive, Passed: r.Passed, At: r.At, Took: r.Took}
	for _, x := range r.Results {
		s.add(x.Control, !x.Failed(), x.Seconds)
	}
	return s
}

// Sample condenses the report of a round that began and took so long.
func (r Report) Sample(at time.Time, took time.Duration) Sample {
	s := Sample{Mode: ModeNegative, Passed: r.Passed, At: at, Took: took}
	for _, x := range r.Results {
		s.add(x.Control, !x.Failed(), 0)
	}
	return s
}

func (s *Sample) add(name string, passed bool, seconds float64) {
	i := slices.IndexFunc(s.Checks, func(c Checked) bool { return c.Name == name })
	if i < 0 {
		s.Checks = append(s.Checks, Checked{name, passed, seconds})
		return
	}
	s.Checks[i].Passed = s.Checks[i].Passed && passed
	s.Checks[i].Seconds += seconds
}

// Text is the sample in the text format of Prometheus.
func (s Sample) Text() []byte {
	var b bytes.Buffer
	metric := func(name, help string, values func(emit func(labels string, v float64))) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
		values(func(labels string, v float64) {
			fmt.Fprintf(&b, "%s{mode=%q%s} %s\n", name, s.Mode, labels, strconv.FormatFloat(v, 'f', -1, 64))
		})
	}
	one := func(v float64) func(func(string, float64)) { return func(emit func(string, float64)) { emit("", v) } }
	metric("acsauth_probe_success", "Whether the last round passed.", one(truth(s.Passed)))
	metric("acsauth_probe_duration_seconds", "How long the last round took.", one(s.Took.Seconds()))
	metric("acsauth_probe_last_run_timestamp_seconds", "When the last round began.", one(float64(s.At.UnixMilli())/1000))
	metric("acsauth_probe_check_success", "Whether a check of the last round passed. What was not tested is left out.", func(emit func(string, float64)) {
		for _, c := range s.Checks {
			emit(fmt.Sprintf(",check=%q", c.Name), truth(c.Passed))
		}
	})
	if s.Mode == ModePositive {
		metric("acsauth_probe_check_duration_seconds", "How long the requests of a check took.", func(emit func(string, float64)) {
			for _, c := range s.Checks {
				emit(fmt.Sprintf(",check=%q", c.Name), c.Seconds)
			}
		})
	}
	return b.Bytes()
}

func truth(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

// WriteFile puts the sample in place of a file at one moment, as the textfile collector of node_exporter wants it.
func (s Sample) WriteFile(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".acsauth-probe-*")
	if err != nil {
		return err
	}
	_, err = f.Write(s.Text())
	err = errors.Join(err, f.Chmod(0o644), f.Close()) // the collector is another user
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
