package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// TestMain lets the test binary be a floor, as the program can.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == floorArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestQuick runs all of it, so that it cannot rot: each table has its rows, and each cell a figure.
func TestQuick(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-quick"}, &out); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	table := ""
	for line := range strings.Lines(out.String()) {
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			table = heading[:1]
		}
		if strings.HasPrefix(line, "| ") {
			rows[table] = append(rows[table], strings.TrimSpace(line))
		}
	}
	// One line of each table is its head; d has two tables.
	for table, want := range map[string]int{tableThroughput: 1 + 2*3, tableSlowACS: 1 + 2*3, tableCPU: 1 + 2*3 + 1 + 4, tableUpstream: 1 + len(steps())} {
		if len(rows[table]) != want {
			t.Errorf("table %s has %d rows; want %d", table, len(rows[table]), want)
		}
		for _, row := range rows[table] {
			if strings.Contains(row, "NaN") || strings.Contains(row, "Inf") || strings.Contains(row, "| 0 (") {
				t.Errorf("table %s has a row without a figure: %s", table, row)
			}
		}
	}
	for _, row := range []string{"| getUser, first | 1.00 | create 1.00 | 0 |", "| revokeTokens | 1.00 | revoke 1.00 | 0 |", "| getToken, again | 0.00 |  | 0 |"} {
		if !strings.Contains(out.String(), row) {
			t.Errorf("there is no row %s", row)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestOptions: what is out of range is refused before anything is started.
func TestOptions(t *testing.T) {
	for _, args := range []string{"-rounds 0", "-rounds 100", "-time 1ms", "-time 1h", "-connections 0", "-connections 2000", "-connections 1,", "-connections 1,1,1,1,1,1,1,1,1",
		"-only x", "-only a,", "-env PATH=/", "-env ACSAUTH_LISTEN"} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s is let pass", args)
		}
	}
	o, err := parse(strings.Fields("-only b,h -connections 4 -env ACSAUTH_TOKEN_CACHE=0 -env ACSAUTH_ACS_QUOTA=90 -env OTEL_SDK_DISABLED=true"))
	if err != nil || !o.wants("b") || !o.wants("h") || o.wants("a") || len(o.env) != 3 || len(o.connections) != 1 {
		t.Errorf("%+v %v", o, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := run(ctx, []string{"-only", "h", "-program", "/nowhere"}, new(bytes.Buffer)); err == nil {
		t.Error("a program that is not there is let pass")
	}
}

// TestFloor: a floor copies the answer, and the second one checks signatures.
func TestFloor(t *testing.T) {
	// The key and the token are those of RFC 7515, A.2; the token expired in 2011.
	key := webKey{Kid: "", E: "AQAB", N: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
	for name, c := range map[string]struct {
		keys   []webKey
		status int
	}{"without keys": {nil, 200}, "with keys": {[]webKey{key}, 401}} {
		h, err := floor{Header: http.Header{"X-Copied": {"yes"}}, Body: "{}", Keys: c.keys}.handler()
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/getToken", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || c.status == 200 && (w.Body.String() != "{}" || w.Header().Get("X-Copied") != "yes") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, text := range []string{"", "{", `{"Keys":[{"N":"*"}]}`} {
		if err := serveFloor(t.Context(), text, new(bytes.Buffer)); err == nil {
			t.Errorf("%q is let pass", text)
		}
	}
}

func TestFigures(t *testing.T) {
	s := series{{rate: 3}, {rate: 1}, {rate: 2}}
	if s.median(rate) != 2 || s[:2].median(rate) != 2 || spread(s) != "2 (1 to 3)" {
		t.Errorf("%v %v %s", s.median(rate), s[:2].median(rate), spread(s))
	}
	of := []series{{{rate: 1}}, {{rate: 4}}, {{rate: 2}}}
	if ratios(of, 0, rate) != "0.25 | 0.50" || ratios(of, 1, rate) != "- | 2.00" {
		t.Errorf("%s, %s", ratios(of, 0, rate), ratios(of, 1, rate))
	}
	names, figures := benchmarks("goos: linux\nBenchmarkGetToken-2  \t 10\t 5000 ns/op\t 20 B/op\t 3 allocs/op\nBenchmarkGetToken 10 4000.5 ns/op 20 B/op 3 allocs/op\nBenchmarkGetToken/no_caches-2 7 1.5 ns/op 1 B/op 1 allocs/op\nBenchmarkOther 1 1 ns/op\nPASS\n")
	if len(names) != 2 || names[1] != "BenchmarkGetToken/no_caches" || len(figures["BenchmarkGetToken"][0]) != 2 || dev.Median(figures["BenchmarkGetToken"][0]) != 4500.25 || figures["BenchmarkGetToken"][2][1] != 3 {
		t.Errorf("%v %v", names, figures)
	}
}
