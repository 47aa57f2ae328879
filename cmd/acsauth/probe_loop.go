package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/probe"
)

// loop probes until a signal. It ends with an error if the last round found something.
func (k *probeCommand) loop(c cli.Call) error {
	board := &scoreboard{}
	if k.MetricsListen != "" {
		stop, err := board.listen(c, k.MetricsListen)
		if err != nil {
			return err
		}
		defer stop()
	}
	tick := time.NewTicker(k.Every)
	defer tick.Stop()
	var failed error
	for {
		began := time.Now()
		o, err := k.round(c)
		if c.Context.Err() != nil {
			return failed
		}
		if err != nil {
			o.sample = k.failedRound(began)
		}
		failed = nil
		if !o.sample.Passed {
			failed = cli.Said(cli.Failure)
		}
		board.show(o.sample)
		if err := k.writeMetrics(o.sample); err != nil {
			return err
		}
		if err := k.line(c, o, err); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-c.Context.Done():
			return failed
		}
	}
}

// failedRound stands for a round that could not be made.
func (k *probeCommand) failedRound(began time.Time) probe.Sample {
	mode := probe.ModePositive
	if k.Negative {
		mode = probe.ModeNegative
	}
	return probe.Sample{Mode: mode, At: began, Took: time.Since(began)}
}

func (k *probeCommand) writeMetrics(s probe.Sample) error {
	if k.Metrics == "" {
		return nil
	}
	if err := s.WriteFile(k.Metrics); err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	return nil
}

// line prints what a round found, as one line.
func (k *probeCommand) line(c cli.Call, o outcome, err error) error {
	at := time.Now().UTC().Format(time.RFC3339)
	text := ""
	if err != nil {
		text = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	if !k.JSON {
		line := o.line
		if text != "" {
			line = "FAIL: " + text
		}
		_, err := fmt.Fprintf(c.Stdout, "%s probe %s: %s\n", at, k.URL, line)
		return err
	}
	head := struct {
		Time   string `json:"time"`
		URL    string `json:"url"`
		Passed bool   `json:"passed"`
		Error  string `json:"error,omitempty"`
	}{at, k.URL, err == nil && o.sample.Passed, text}
	first, err := json.Marshal(head)
	if err != nil {
		return err
	}
	rest := []byte("{}")
	if o.brief != nil {
		if rest, err = json.Marshal(o.brief); err != nil {
			return err
		}
	}
	line := string(first)
	if len(rest) > 2 {
		line = line[:len(line)-1] + "," + string(rest[1:]) // both are objects, and the second is not empty
	}
	_, err = fmt.Fprintln(c.Stdout, line)
	return err
}

// A scoreboard shows the metrics of the last round.
type scoreboard struct{ text atomic.Pointer[[]byte] }

func (b *scoreboard) show(s probe.Sample) {
	text := s.Text()
	b.text.Store(&text)
}

// ServeHTTP answers /metrics. Before the end of the first round there is nothing to tell.
func (b *scoreboard) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if text := b.text.Load(); text != nil {
		_, _ = w.Write(*text) // whoever asked is gone
	}
}

// listen serves the scoreboard until stop is called.
func (b *scoreboard) listen(c cli.Call, address string) (stop func(), err error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", b)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	fmt.Fprintf(c.Stderr, "metrics at http://%s/metrics\n", ln.Addr())
	return func() { _ = srv.Close() }, nil // a scrape that is cut off is repeated
}
