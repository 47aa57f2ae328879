package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// rehearsalsPath is where the scenarios are, each by its name.
const rehearsalsPath = "/rehearsals"

// rehearsalRequest is the body of POST /rehearsals/{name}; see [RehearsalOptions]. Durations are text, such as "3s".
type rehearsalRequest struct {
	Times      int    `json:"times"`
	For        string `json:"for"`
	Op         string `json:"op"`
	Status     int    `json:"status"`
	RetryAfter string `json:"retryAfter"`
	Delay      string `json:"delay"`
	Lag        string `json:"lag"`
	By         string `json:"by"`
	Slot       string `json:"slot"`
	Drop       bool   `json:"drop"`
	Claims     string `json:"claims"`
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
