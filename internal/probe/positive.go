package probe

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The checks of the positive side, a closed set: they are labels of metrics.
const (
	checkCredential = "credential" // the prober's own token
	checkLive       = "livez"
	checkReady      = "readyz"
	checkUser       = "get-user"
	checkToken      = "get-token"
	checkRefresh    = "refresh-token"
	checkLife       = "life"
	checkCache      = "no-store"
	checkBad        = "bad-token"
	checkMetadata   = "metadata"
	checkCORS       = "cors"
)

// PositiveChecks lists the checks of [RunPositive].
func PositiveChecks() []string {
	return []string{checkCredential, checkLive, checkReady, checkUser, checkToken, checkRefresh, checkLife, checkCache, checkBad, checkMetadata, checkCORS}
}

// PositiveOptions are those of a run that expects to be served.
type PositiveOptions struct {
	// URL is where the server is, such as https://auth.contoso.com. Plain http is for loopback only.
	URL string
	// Token is an access token that the server must accept. "": there is none, since Err.
	Token string
	// Err is why there is no token. What needs none is tried all the same.
	Err error
	// Origin is a web origin that must be allowed. "": CORS is not looked at.
	Origin string
	// Timeout limits one request, up to 60 s. Zero: 10 s.
	Timeout time.Duration
}

// Validate names whatever is wrong with the options.
func (o PositiveOptions) Validate() error {
	errs := []error{checkURL(o.URL)}
	if o.Timeout < 0 || o.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("the timeout is %v, allowed is up to %v", o.Timeout, maxTimeout))
	}
	if u, err := url.Parse(o.Origin); o.Origin != "" && (err != nil || u.Host == "" || o.Origin != u.Scheme+"://"+u.Host) {
		errs = append(errs, errors.New("the origin is not of the form https://host"))
	}
	if o.Err == nil {
		if _, err := parse(o.Token); err != nil {
			errs = append(errs, fmt.Errorf("the good token: %w", err))
		}
	}
	return errors.Join(errs...)
}

// RunPositive asks for what a user asks for, and looks at all of the answers. It takes about ten requests. The user of the
// token gets an identity if there is none, and one ACS token each time.
func RunPositive(ctx context.Context, o PositiveOptions) (PositiveReport, error) {
	if err := o.Validate(); err != nil {
		return PositiveReport{}, err
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	o.URL = strings.TrimRight(o.URL, "/")
	began := time.Now()
	p := &positive{PositiveOptions: o, client: newClient(o.Timeout), report: PositiveReport{URL: o.URL, Results: []Timed{}, Untested: []Untested{}}}
	defer p.client.CloseIdleConnections()
	p.all(ctx)
	p.report.At, p.report.Took = began, time.Since(began)
	p.report.Passed = len(p.report.Failures()) == 0
	return p.report, ctx.Err()
}

// A positive is the work on one report.
type positive struct {
	PositiveOptions
	client *http.Client
	report PositiveReport
	id     string // of the user, from the first answer that has one
}

func (p *positive) all(ctx context.Context) {
	p.plain(ctx, checkLive, "/livez")
	p.plain(ctx, checkReady, "/readyz")
	if p.credential() {
		p.user(ctx)
		p.tokens(ctx)
	} else {
		for _, c := range []string{checkUser, checkToken, checkRefresh, checkLife, checkCache} {
			p.untested(c, "there is no good token")
		}
	}
	p.bad(ctx)
	p.metadata(ctx)
	p.cors(ctx)
}

// credential looks at the prober's own token, so that its end is not taken for a fault of the server.
func (p *positive) credential() bool {
	r := Result{Control: checkCredential, Case: "the prober's own token", Expected: "a token that is not expired", Got: "one", Verdict: Accepted}
	t, _ := parse(p.Token) // Validate parsed it, if there is one
	switch {
	case p.Err != nil:
		r.Got, r.Verdict = p.Err.Error(), WrongAnswer
	case t.time("exp") <= time.Now().Unix():
		r.Got, r.Verdict = "an expired one", WrongAnswer
	}
	p.note(r, 0)
	return !r.Failed()
}

// ask sends a request with the good token, and notes an answer of another status than those wanted. The body is for the checks only.
func (p *positive) ask(ctx context.Context, check, name string, r request, want ...int) (full, bool) {
	began := time.Now()
	a, err := fetch(ctx, p.client, p.URL, r)
	took := time.Since(began)
	result := Result{Control: check, Case: name, Expected: statuses(want), Got: a.String(), Verdict: Accepted}
	switch {
	case err != nil:
		result.Got, result.Verdict = err.Error(), NoAnswer
	case !oneOf(a.status, want):
		result.Verdict = WrongAnswer
		if a.status == http.StatusTooManyRequests || a.status >= 500 {
			result.Verdict = NoAnswer
		}
	}
	if result.Failed() {
		p.note(result, took)
		return a, false
	}
	a.took, a.result = took, result
	return a, true
}

// conclude notes an answer of the right status; wrong says what is wrong with the rest of it.
func (p *positive) conclude(a full, wrong string) {
	if wrong != "" {
		a.result.Got, a.result.Verdict = wrong, WrongAnswer
	}
	p.note(a.result, a.took)
}

func (p *positive) note(r Result, took time.Duration) {
	p.report.Results = append(p.report.Results, Timed{Result: r, Seconds: took.Seconds()})
}

func (p *positive) untested(check, why string) {
	p.report.Untested = append(p.report.Untested, Untested{check, why})
}

// bearingAt is a request with the good token.
func (p *positive) bearingAt(method, path string) request {
	return request{method, path, headers("Authorization", "Bearer "+p.Token)}
}

// A full is an answer with its body, which no report shows.
type full struct {
	answer
	body   []byte
	took   time.Duration
	result Result
}

// decode reads the body as JSON.
func (a full) decode(into any) bool { return json.Unmarshal(a.body, into) == nil }

// forgedToken has the form of an access token, and is signed by nobody.
func forgedToken() string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"RS256","typ":"JWT","kid":"probe"}`) + "." + part(`{"iss":"https://probe.invalid","exp":4102444800}`) + "." + part(strings.Repeat("p", 256))
}
