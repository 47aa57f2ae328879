package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/tokensource"
	"github.com/acs-solutions/acsauth/internal/probe"
)

// negative sends what must be refused.
func (k *probeCommand) negative(c cli.Call) (outcome, error) {
	tokens, err := k.tokens(c)
	if err != nil {
		return outcome{}, err
	}
	o := probe.Options{URL: k.URL, Tokens: tokens, Skip: k.Skip, Timeout: k.Timeout}
	if err := o.Validate(); err != nil {
		return outcome{}, cli.Misused(err)
	}
	began := time.Now()
	r, err := probe.Run(c.Context, o)
	brief := struct {
		Findings []probe.Result   `json:"findings,omitempty"`
		Proven   []string         `json:"proven"`
		Untested []probe.Untested `json:"untested"`
	}{r.Failures(), r.Proven, r.Untested}
	return outcome{r.Sample(began, time.Since(began)), r.Line(), r.WriteText, r, brief}, err
}

// positive asks for what must be served. In a loop, a token that cannot be got is a finding of that round.
func (k *probeCommand) positive(c cli.Call) (outcome, error) {
	o := probe.PositiveOptions{URL: k.URL, Origin: k.Origin, Timeout: k.Timeout}
	o.Token, o.Err = k.good(c)
	if o.Err != nil && k.Every == 0 {
		if k.Token != "" {
			return outcome{}, cli.Misused(o.Err)
		}
		return outcome{}, o.Err
	}
	if err := o.Validate(); err != nil {
		return outcome{}, cli.Misused(err)
	}
	r, err := probe.RunPositive(c.Context, o)
	brief := struct {
		Findings []probe.Timed    `json:"findings,omitempty"`
		Seconds  float64          `json:"seconds"`
		Untested []probe.Untested `json:"untested"`
	}{r.Failures(), r.Took.Seconds(), r.Untested}
	return outcome{r.Sample(), r.Line(), r.WriteText, r, brief}, err
}

// good gets the good token from wherever it comes.
func (k *probeCommand) good(c cli.Call) (token string, err error) {
	switch {
	case k.Emulator != "":
		t, err := probe.Mint(c.Context, k.Emulator)
		if err != nil {
			return "", fmt.Errorf("--emulator: %w", err)
		}
		return t.Good, nil
	case k.TokenCommand != "":
		if token, err = tokensource.Command(c.Context, k.TokenCommand); err != nil {
			return "", fmt.Errorf("--token-command: %w", err)
		}
		return token, nil
	}
	if token, err = tokensource.File(k.Token); err != nil {
		return "", fmt.Errorf("--token: %w", err)
	}
	return token, nil
}

func (k *probeCommand) tokens(c cli.Call) (t probe.Tokens, err error) {
	if k.Emulator != "" {
		if t, err = probe.Mint(c.Context, k.Emulator); err != nil {
			err = fmt.Errorf("--emulator: %w", err)
		}
		return t, err
	}
	if t.Good, err = k.good(c); err != nil {
		if k.Token != "" {
			err = cli.Misused(err)
		}
		return t, err
	}
	if k.Teams != "" {
		if t.Teams, err = tokensource.File(k.Teams); err != nil {
			return t, cli.Misused(fmt.Errorf("--teams: %w", err))
		}
	}
	for _, w := range k.Wrong {
		control, path, ok := strings.Cut(w, "=")
		if !ok {
			return t, cli.Misused(errors.New("--wrong: is not of the form CONTROL=FILE, such as expiry=old.jwt"))
		}
		text, err := tokensource.File(path)
		if err != nil {
			return t, cli.Misused(fmt.Errorf("--wrong %s: %w", control, err))
		}
		t.Wrong = append(t.Wrong, probe.Wrong{Control: control, Name: "the token given", Token: text})
	}
	return t, nil
}
