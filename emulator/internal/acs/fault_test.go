package acs

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// post sends a signed create over a real connection. No error means an answer.
func (f *fixture) post(server *httptest.Server) (status int, body string, err error) {
	f.t.Helper()
	r, err := http.NewRequest("POST", server.URL+"/identities?api-version="+stable, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.RequestURI, r.Host = r.URL.RequestURI(), r.URL.Host
	sign(r, testKey, "", f.clock.now())
	r.RequestURI = ""
	res, err := server.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fault   Fault
		status  int // 0: no answer
		effects int
	}{
		{"none", Fault{}, 201, 1},
		{"status", Fault{Status: 503, RetryAfter: "7"}, 503, 0},
		{"status after", Fault{StatusAfter: 500}, 500, 1},
		{"drop before", Fault{DropBefore: true}, 0, 0},
		{"drop after", Fault{DropAfter: true}, 0, 1},
		{"broken JSON", Fault{BadJSON: true}, 201, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, func(o *Options) {
				o.Fault = func(op string) Fault {
					if op != "create" {
						t.Errorf("asked for %q", op)
					}
					return tc.fault
				}
			})
			server := httptest.NewServer(f)
			defer server.Close()
			status, body, err := f.post(server)
			if status != tc.status || (err != nil) != (tc.status == 0) {
				t.Errorf("status %d, error %v", status, err)
			}
			if got := len(f.Identities()); got != tc.effects {
				t.Errorf("%d identities, want %d", got, tc.effects)
			}
			if valid := json.Valid([]byte(body)); status != 0 && valid == tc.fault.BadJSON {
				t.Errorf("body %q", body)
			}
		})
	}
}

func TestFaultAnswer(t *testing.T) {
	f := newFixture(t, nil)
	f.SetFault(func(string) Fault { return Fault{Status: 429, RetryAfter: "7"} })
	w := f.do("POST", "/identities", "")
	wantRefusal(t, w, 429, "TooManyRequests", "")
	if got := w.Header().Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q", got)
	}
	r := f.request("POST", "/identities?api-version="+stable, "")
	r.Header.Del("Authorization")
	wantRefusal(t, f.serve(r), 401, "Denied", "") // a fault waits for a request let in
	if diff := cmp.Diff(map[string]int64{"fault": 1, "refused": 1}, f.Counters()); diff != "" {
		t.Error(diff)
	}
	f.SetFault(nil)
	f.createOne()
}

func TestFaultDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.SetFault(func(string) Fault { return Fault{Delay: 7 * time.Second} })
		started := time.Now()
		f.createOne()
		if took := time.Since(started); took != 7*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestCloseEndsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.SetFault(func(string) Fault { return Fault{Delay: time.Hour} })
		aborted := make(chan any)
		go func() {
			defer func() { aborted <- recover() }()
			f.do("POST", "/identities", "")
		}()
		synctest.Wait()
		f.Close()
		if got := <-aborted; got != http.ErrAbortHandler {
			t.Errorf("panic %v", got)
		}
		if n := len(f.Identities()); n != 0 {
			t.Errorf("%d identities", n)
		}
	})
}

func TestFaultJSON(t *testing.T) {
	want := Fault{Status: 503, StatusAfter: 500, RetryAfter: "1", DropBefore: true, DropAfter: true, Delay: 1500 * time.Millisecond, BadJSON: true}
	text := `{"status":503,"statusAfter":500,"retryAfter":"1","dropBefore":true,"dropAfter":true,"badJson":true,"delay":"1.5s"}`
	var got Fault
	if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if back, err := json.Marshal(want); err != nil || string(back) != text {
		t.Errorf("%s, %v", back, err)
	}
	if empty, err := json.Marshal(Fault{}); err != nil || string(empty) != "{}" {
		t.Errorf("%s, %v", empty, err)
	}
	for _, bad := range []string{`{"stat":500}`, `{"status":200}`, `{"statusAfter":600}`, `{"delay":"1"}`, `{"delay":1}`, `{"delay":"-1s"}`, `{"delay":"11m"}`, `{"retryAfter":"1\r\nX: y"}`, `[]`} {
		got := want
		if err := json.Unmarshal([]byte(bad), &got); err == nil || got != want {
			t.Errorf("%s: %+v, %v", bad, got, err)
		}
	}
}
