package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// start measures how long the service takes to be there, with a new file and with one that is there already.
func (b *bench) start(ctx context.Context) error {
	lines, lives, answers := map[bool][]time.Duration{}, map[bool][]time.Duration{}, map[bool][]time.Duration{}
	for i := range b.starts {
		for _, there := range []bool{false, true} { // the second finds the file of the first
			line, live, answer, err := b.startOnce(ctx, fmt.Sprint("start-", i))
			if err != nil {
				return err
			}
			lines[there], lives[there], answers[there] = append(lines[there], line), append(lives[there], live), append(answers[there], answer)
		}
	}
	rows := [][]string{{"SQLite file", "to its line of being ready, ms", "least to most", "compared", "to the first 200 of /livez, ms", "to the first 200 of /readyz, ms", "least to most"}}
	first := dev.Median(lines[false])
	for _, there := range []bool{false, true} {
		name := map[bool]string{false: "new", true: "there already"}[there]
		m := dev.Median(lines[there])
		rows = append(rows, []string{name, dev.Millis(m), span(lines[there]), dev.Ratio(float64(m), float64(first)),
			dev.Millis(dev.Median(lives[there])), dev.Millis(dev.Median(answers[there])), span(answers[there])})
	}
	return dev.WriteTable(b.out, "Start", rows, fmt.Sprintf("From the start of the process. Medians of %d starts of each kind, in turns; /livez is asked every millisecond, then /readyz, which keeps a refusal for 50 ms. The program is acsauth-dev serve.", b.starts))
}

// startOnce starts a service on a port that is known before, since it is asked before it is there.
func (b *bench) startOnce(ctx context.Context, file string) (line, live, answer time.Duration, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, 0, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return 0, 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	answered := make(chan [2]time.Duration, 1)
	began := time.Now()
	go func() {
		answered <- [2]time.Duration{firstAnswer(ctx, "http://"+address+"/livez", began), firstAnswer(ctx, "http://"+address+"/readyz", began)}
	}()
	s, err := b.emulator.Serve(settings(b.file(file), "ACSAUTH_LISTEN="+address)...)
	if err != nil {
		cancel()
		<-answered
		return 0, 0, 0, err
	}
	both := <-answered
	if both[0] == 0 || both[1] == 0 {
		err = errors.New("/livez or /readyz never had status 200")
	}
	return s.Started, both[0], both[1], errors.Join(err, s.Stop())
}

// firstAnswer asks until the status is 200 and returns how long that took, or 0 if ctx ended.
func firstAnswer(ctx context.Context, url string, began time.Time) time.Duration {
	client := dev.NewClient(1)
	defer client.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if a, err := client.Ask(ctx, http.MethodGet, url, ""); err == nil && a.Status == http.StatusOK {
			return time.Since(began)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0
		}
	}
}

func span(times []time.Duration) string {
	return dev.Millis(slices.Min(times)) + " to " + dev.Millis(slices.Max(times))
}
