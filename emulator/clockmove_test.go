package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// One clock for all: tokens of Entra ID and of ACS expire by it, and it can go back.
func TestClockMoves(t *testing.T) {
	base := newClock()
	e := emulator.Start(t, emulator.Options{Now: base.now})
	b := newBrowser(t)
	bearer := "Bearer " + mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawGraph, ExpiresIn: time.Hour})
	me := func() int { return b.get(e.GraphURL()+"/v1.0/me", "Authorization", bearer).status }
	acsToken := issueACS(t, e)
	if me() != 200 || e.TokenState(acsToken) != "active" {
		t.Fatalf("before: %d %s", me(), e.TokenState(acsToken))
	}
	if err := e.Advance(25 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if me() != 401 || e.TokenState(acsToken) != "expired" || !e.Now().Equal(base.now().Add(25*time.Hour)) {
		t.Errorf("a day later: %d %s %v", me(), e.TokenState(acsToken), e.Now())
	}
	if q := e.Requests(); !q[len(q)-1].Time.Equal(e.Now()) {
		t.Errorf("the list of requests has another clock: %v", q[len(q)-1].Time)
	}
	if err := e.Advance(-25 * time.Hour); err != nil || me() != 200 {
		t.Errorf("back: %v %d", err, me())
	}
	for _, d := range []time.Duration{1<<63 - 1, -1 << 63, 87601 * time.Hour, -87601 * time.Hour} {
		if e.Advance(d) == nil || !e.Now().Equal(base.now()) {
			t.Errorf("%v: %v", d, e.Now())
		}
	}
}

func TestAdminClock(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	set := func(body string) reply { return b.send("POST", e.AdminURL()+"/clock", body) }
	if r := set(`{"advance":"24h"}`); r.json(t)["offset"] != "24h0m0s" || time.Until(e.Now()) < 23*time.Hour {
		t.Errorf("%s", r.body)
	}
	if r := b.get(e.AdminURL() + "/clock"); r.json(t)["offset"] != "24h0m0s" || !strings.HasPrefix(r.json(t)["now"].(string), "20") {
		t.Errorf("%s", r.body)
	}
	if r := set(`{"reset":true}`); r.json(t)["offset"] != "0s" {
		t.Errorf("%s", r.body)
	}
	for _, bad := range []string{``, `{}`, `{"advance":"1d"}`, `{"advance":"90000h"}`, `{"advance":"1h","reset":true}`, `{"advance":1}`, `{"to":"x"}`} {
		if r := set(bad); r.status != http.StatusBadRequest || r.json(t)["error"] == "" {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
	set(`{"advance":"-1h"}`)
	e.Reset()
	if off := time.Until(e.Now()); off < -time.Minute {
		t.Errorf("reset leaves the clock %v away", off)
	}
}
