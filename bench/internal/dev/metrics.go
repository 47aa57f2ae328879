package dev

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Figures asks for the metrics of the service.
func (s *Service) Figures(ctx context.Context) (Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Metrics, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New("the metrics: " + res.Status)
	}
	return readFigures(io.LimitReader(res.Body, 4<<20))
}

// Figures are metrics by series, such as name{label="value"}.
type Figures map[string]float64

// readFigures reads the text format of Prometheus, as far as it is used here.
func readFigures(r io.Reader) (Figures, error) {
	f := Figures{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		series, value, ok := cutLast(lines.Text(), " ")
		if !ok || strings.HasPrefix(series, "#") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("the metrics: %.80q is not understood", lines.Text())
		}
		f[series] = v
	}
	return f, lines.Err()
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// Sum adds up the series of a name that have all these labels, such as status="429".
func (f Figures) Sum(name string, labels ...string) (sum float64) {
series:
	for series, v := range f {
		of, rest, _ := strings.Cut(series, "{")
		if of != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(rest, l) {
				continue series
			}
		}
		sum += v
	}
	return sum
}

// Resident is the resident memory in bytes.
func (f Figures) Resident() float64 { return f["process_resident_memory_bytes"] }

// Live is about what the collector found in use when it last ran, in bytes: it lets the heap grow to the double, which is the default of Go.
func (f Figures) Live() float64 { return f["go_memstats_next_gc_bytes"] / 2 }
