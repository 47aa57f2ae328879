package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// rehearsalsPath is where the scenarios are, each by its name.
const rehearsalsPath = "/rehearsals"

// rehearsalRequest is the body of POST /rehearsals/{name}; see [RehearsalOptions]. Durations are text, such as "3s".
type rehearsalRequest struct {
	Times      int    `json:"times,omitempty"`
	For        string `json:"for,omitempty"`
	Op         string `json:"op,omitempty"`
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
	Delay      string `json:"delay,omitempty"`
	Lag        string `json:"lag,omitempty"`
	By         string `json:"by,omitempty"`
	Slot       string `json:"slot,omitempty"`
	Drop       bool   `json:"drop,omitempty"`
	Claims     string `json:"claims,omitempty"`
}

// MarshalJSON writes what is set, in the form that POST /rehearsals/{name} takes.
func (o RehearsalOptions) MarshalJSON() ([]byte, error) {
	text := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	return json.Marshal(rehearsalRequest{
		Times: o.Times, For: text(o.For), Op: o.Op, Status: o.Status, RetryAfter: o.RetryAfter, Delay: text(o.Delay),
		Lag: text(o.Lag), By: text(o.By), Slot: o.Slot, Drop: o.Drop, Claims: o.Claims,
	})
}

func (in rehearsalRequest) options() (RehearsalOptions, error) {
	o := RehearsalOptions{
		Times: in.Times, Op: in.Op, Status: in.Status, RetryAfter: in.RetryAfter, Slot: in.Slot, Drop: in.Drop, Claims: in.Claims,
	}
	for _, d := range []struct {
		name, text string
		into       *time.Duration
	}{{"for", in.For, &o.For}, {"delay", in.Delay, &o.Delay}, {"lag", in.Lag, &o.Lag}, {"by", in.By, &o.By}} {
		if d.text == "" {
			continue
		}
		value, err := time.ParseDuration(d.text)
		if err != nil {
			return o, fmt.Errorf("%s has to be a duration such as 30s or 24h", d.name)
		}
		*d.into = value
	}
	return o, nil
}

func (e *Emulator) adminRehearsals(*http.Request) (any, error) { return e.Rehearsals(), nil }

func (e *Emulator) adminEndRehearsals(r *http.Request) (any, error) {
	e.EndRehearsals()
	return e.adminRehearsals(r)
}

// adminRehearse begins the scenario that the path names. The body may hold options.
func (e *Emulator) adminRehearse(r *http.Request) (any, error) {
	var in rehearsalRequest
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	o, err := in.options()
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	out, err := e.RehearseWith(strings.TrimPrefix(r.URL.Path, rehearsalsPath+"/"), o)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return out, nil
}

// adminEndRehearsal ends the scenario that the path names.
func (e *Emulator) adminEndRehearsal(r *http.Request) (any, error) {
	e.EndRehearsal(strings.TrimPrefix(r.URL.Path, rehearsalsPath+"/"))
	return e.adminRehearsals(r)
}
