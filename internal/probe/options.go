package probe

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxToken is the longest token that is read, in bytes. The server takes as many.
const maxToken = 16 << 10

// maxWrong is the most wrong tokens that may be given.
const maxWrong = 64

// Tokens are what the prober has at hand.
type Tokens struct {
	// Good is an access token that the server must accept. Needed.
	Good string
	// Teams is a Teams user's token for the same user. If there is none, one is
	// made up, which passes the server's filter and is refused by ACS.
	Teams string
	// Wrong are tokens that the issuer signed, each wrong in one way.
	Wrong []Wrong
}

// Wrong is one token that the server must refuse.
type Wrong struct {
	Control string // which refuses it, one of GivenControls
	Name    string // what it is, for the report
	Token   string
	// Exact is true if nothing else is wrong with the token, so that no other
	// rule may be the one that refuses it. The emulator makes such tokens.
	Exact bool
}

// Options of a run.
type Options struct {
	// URL is where the server is, such as https://auth.contoso.com. Plain http is for loopback only.
	URL    string
	Tokens Tokens
	// Skip are controls that the server is meant to be without. The name "teams" stands for all that begin with it.
	Skip []string
	// Timeout limits one request, up to 60 s. Zero: 10 s.
	Timeout time.Duration
}

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = time.Minute
	// maxRun limits a whole run.
	maxRun = 5 * time.Minute
)

// Validate names whatever is wrong with the options.
func (o Options) Validate() error {
	errs := []error{checkURL(o.URL)}
	if o.Timeout < 0 || o.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("the timeout is %v, allowed is up to %v", o.Timeout, maxTimeout))
	}
	if _, err := parse(o.Tokens.Good); err != nil {
		errs = append(errs, fmt.Errorf("the good token: %w", err))
	}
	if o.Tokens.Teams != "" {
		if _, err := parse(o.Tokens.Teams); err != nil {
			errs = append(errs, fmt.Errorf("the Teams token: %w", err))
		}
	}
	if len(o.Tokens.Wrong) > maxWrong {
		errs = append(errs, fmt.Errorf("there are %d wrong tokens, allowed are %d", len(o.Tokens.Wrong), maxWrong))
	}
	for _, w := range o.Tokens.Wrong {
		errs = append(errs, w.fault(o.Tokens.Good, time.Now()))
	}
	for _, s := range o.Skip {
		if !slices.Contains(Controls(), s) && s != "teams" {
			errs = append(errs, fmt.Errorf("there is no control %q; there are %s", s, strings.Join(Controls(), ", ")))
		}
	}
	return errors.Join(errs...)
}

func (w Wrong) fault(good string, now time.Time) error {
	if !slices.Contains(GivenControls(), w.Control) {
		return fmt.Errorf("no token can be given for %q, only for %s", w.Control, strings.Join(GivenControls(), ", "))
	}
	t, err := parse(w.Token)
	switch {
	case err != nil:
		return fmt.Errorf("the token for %s: %w", w.Control, err)
	case w.Token == good:
		return fmt.Errorf("the token for %s is the good one", w.Control)
	case w.Control == "expiry" && t.time("exp") > now.Unix():
		return errors.New("the token for expiry is not expired")
	case w.Control == "not-before" && max(t.time("nbf"), t.time("iat")) <= now.Unix():
		return errors.New("the token for not-before is valid already")
	}
	return nil
}

// skips reports whether a control is not to be probed.
func (o Options) skips(control string) bool {
	return slices.Contains(o.Skip, control) || strings.HasPrefix(control, "teams") && slices.Contains(o.Skip, "teams")
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("the URL is not of the form https://host")
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("the URL is not https, and not on this machine: tokens would travel in plain text")
}

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
