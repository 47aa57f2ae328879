package emulator_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acs-solutions/acsauth/emulator"
)

// Close ends every goroutine, also of requests that a fault delays.
func TestNothingIsLeftRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	e, err := emulator.New(emulator.Options{ListenTLS: "127.0.0.1:0"})
	if err == nil {
		err = e.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	newIdentity(t, e)
	for _, op := range []string{"create", "entra.token", "graph.user"} {
		if err := e.AddFault(op, 0, emulator.Fault{Delay: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan answer, 3)
	go func() { ended <- acsCall(t, e, "POST", "/identities", "{}") }()
	go func() { ended <- tokenCall(t, e, url.Values{}) }()
	go func() { ended <- graphCall(t, e, "GET", "/me", "") }()
	for start := time.Now(); strings.Contains(newBrowser(t).get(e.AdminURL()+"/faults").body, "10m0s"); {
		if time.Since(start) > time.Minute {
			t.Fatal("the requests have not arrived")
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if a := <-ended; a.err == nil {
			t.Errorf("a delayed request was answered: %+v", a)
		}
	}
	goleak.VerifyNone(t, before)
}

// What is remembered of requests is bounded, whatever they are.
func TestListsAreBounded(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	long := strings.Repeat("x", 10_000)
	for range 1100 {
		mint(t, e, emulator.TokenRequest{})
		r := httptest.NewRequest("POST", "/identities?api-version="+long, nil)
		r.Method, r.Header["X-Ms-Client-Request-Id"] = long, []string{long}
		e.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	if n, m := len(e.Requests()), len(e.Issued()); n != 1000 || m != 1000 {
		t.Errorf("%d requests and %d tokens are kept", n, m)
	}
	for _, q := range e.Requests() {
		if len(q.Method)+len(q.Path)+len(q.APIVersion)+len(q.ClientID)+len(q.ErrorCode) > 400 {
			t.Fatalf("%+v", q)
		}
	}
	for range 1000 {
		if err := e.AddFault("create", 1, emulator.Fault{Status: 500}); err != nil {
			t.Fatal(err)
		}
	}
	if e.AddFault("create", 1, emulator.Fault{Status: 500}) == nil {
		t.Error("more than 1000 faults fit")
	}
}
