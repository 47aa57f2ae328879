package probe

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
)

// Run probes a server once. An error is one of the options; whatever the server
// does is in the report. It takes about 60 requests, one after another, and
// makes no identity. The good token is verified about 25 times, which counts
// against the limits of its user.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Report{}, err
	}
	o.URL = strings.TrimRight(o.URL, "/")
	r := &run{Options: o, client: newClient(o.Timeout), report: Report{URL: o.URL, Results: []Result{}, Untested: []Untested{}, Skipped: o.Skip}}
	defer r.client.CloseIdleConnections()
	r.all(ctx, key)
	r.report.finish()
	return r.report, ctx.Err()
}

// A run is the work on one report.
type run struct {
	Options
	client *http.Client
	report Report
}

// all sends everything. If the good request is refused, nothing else would say anything.
func (r *run) all(ctx context.Context, key *rsa.PrivateKey) {
	token, _ := parse(r.Tokens.Good) // Validate parsed it
	if !r.try(ctx, good("the good token, first", r.Tokens.Good)) {
		for _, c := range Controls() {
			r.untested(c, "the good request was not served, so that a refusal proves nothing")
		}
		return
	}
	r.each(ctx, bearerCases(r.Tokens.Good))
	r.each(ctx, forged(token, key))
	r.confuse(ctx, token)
	cases, missing := givenCases(r.Tokens.Wrong)
	r.each(ctx, cases)
	for _, m := range missing {
		r.untested(m.Control, m.Why)
	}
	r.each(ctx, browserCases(r.Tokens.Good))
	r.plain(ctx)
	r.each(ctx, routeCases(r.Tokens.Good))
	r.teams(ctx, token)
	r.try(ctx, good("the good token, last", r.Tokens.Good))
}

func (r *run) each(ctx context.Context, cases []testCase) {
	for _, k := range cases {
		r.try(ctx, k)
	}
}

// try sends one request and notes what came.
func (r *run) try(ctx context.Context, k testCase) bool {
	if r.skips(k.control) {
		return true
	}
	a, err := send(ctx, r.client, r.URL, k.req)
	return r.note(k, a, err)
}

// note adds an answer to the report, and reports whether it is as it must be.
func (r *run) note(k testCase, a answer, err error) bool {
	result := Result{k.control, k.name, k.expected(), "", NoAnswer}
	if err == nil {
		result = k.judge(a)
	} else {
		result.Got = err.Error()
	}
	r.report.Results = append(r.report.Results, result)
	if result.Verdict == Another {
		r.untested(k.control, "the token was refused by another rule first, "+a.code)
	}
	return !result.Failed()
}

func (r *run) untested(control, why string) {
	if !r.skips(control) {
		r.report.Untested = append(r.report.Untested, Untested{control, why})
	}
}

// confuse needs the public key that the good token was signed with.
func (r *run) confuse(ctx context.Context, good token) {
	if r.skips("algorithm") {
		return
	}
	key, err := publicKey(ctx, r.client, good)
	if err == nil {
		var s [][]byte
		if s, err = secrets(key); err == nil {
			r.each(ctx, confused(good, s))
			return
		}
	}
	r.untested("algorithm", "HS256 with the public key: "+err.Error())
}

// teams probes the exchange, if the server does it at all.
func (r *run) teams(ctx context.Context, good token) {
	if r.skips("teams") {
		return
	}
	k, t := goodTeams(good, r.Tokens.Teams)
	a, err := send(ctx, r.client, r.URL, k.req)
	if err == nil && (a.code == "teams_not_configured" || r.Tokens.Teams == "" && k.judge(a).Failed()) {
		for _, c := range Controls() {
			if strings.HasPrefix(c, "teams") {
				r.untested(c, "needs a Teams user's token; a made-up one was refused early: "+a.String())
			}
		}
		return
	}
	if r.note(k, a, err) {
		r.each(ctx, teamsCases(good, t))
	}
}

// plain asks the same host over http, without a token. Nothing must be served there; to be sent to https is fine.
func (r *run) plain(ctx context.Context) {
	const control, name = "plain-http", "the same host on port 80"
	u, err := url.Parse(r.URL)
	switch {
	case r.skips(control):
		return
	case err != nil || u.Scheme != "https" || u.Port() != "" && u.Port() != "443":
		r.untested(control, "needs a URL of https on port 443")
		return
	}
	result := Result{control, name, "no service", "no connection", Refused}
	if a, err := send(ctx, r.client, "http://"+u.Hostname(), get()); err == nil {
		if result.Got = a.String(); a.code != "" {
			result.Verdict = LetIn
		}
	}
	r.report.Results = append(r.report.Results, result)
}
