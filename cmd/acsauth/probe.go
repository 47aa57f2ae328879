package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/probe"
)

// The bounds of --every.
const (
	minEvery = 30 * time.Second
	maxEvery = 24 * time.Hour
)

type probeCommand struct {
	URL      string        `arg:"" help:"Where the server is, such as https://auth.contoso.com. Plain http on this machine only." placeholder:"URL"`
	Negative bool          `help:"Send what the server must refuse. Needed: there is no other probe; /readyz tells whether the server can serve."`
	Token    string        `help:"File with a good access token, or - for the standard input." placeholder:"FILE"`
	Teams    string        `help:"File with a Teams user's token of the same user. Default: one is made up, which ACS refuses." placeholder:"FILE"`
	Wrong    []string      `help:"File with a token that CONTROL must refuse, such as expiry=old.jwt. May be repeated." placeholder:"CONTROL=FILE" sep:"none"`
	Emulator string        `help:"URL of the administration of an emulator on this machine, which makes all tokens. Instead of --token." placeholder:"URL"`
	Skip     []string      `help:"Control that the server is meant to be without, such as guest. May be repeated." placeholder:"CONTROL"`
	Every    time.Duration `help:"Go on, with a round this often, 30s to 24h, and a line for each. Token files are read anew." placeholder:"TIME"`
	Timeout  time.Duration `help:"How long to wait for one answer, up to 1m. Default: 10s." default:"10s" placeholder:"TIME"`
	JSON     bool          `name:"json" help:"Print JSON, one line for each round."`
}

// Help is shown by acsauth probe --help.
func (probeCommand) Help() string {
	return "For example: acsauth probe https://auth.contoso.com --negative --token good.jwt --wrong expiry=old.jwt\n\n" +
		"A good request goes first, since a server that refuses everything protects nothing. Then each wrong request must be refused with the status and code of its control. " +
		"No identity is made and no token is printed. Controls that a token can be given for: " + strings.Join(probe.GivenControls(), " ") +
		". Others, to skip: " + strings.Join(probe.Controls()[len(probe.GivenControls()):], " ") + ". docs/probe.md explains them.\n\n" +
		"Exit codes: 0 everything wrong was refused, 1 something was not, or the good request was, 2 the command line or a token file is wrong."
}

// Run probes once, or until a signal.
func (k *probeCommand) Run(c cli.Call) error {
	if err := k.misuse(); err != nil {
		return cli.Misused(err)
	}
	if k.Every > 0 {
		return k.loop(c)
	}
	report, err := k.round(c)
	if err != nil {
		return err
	}
	if k.JSON {
		err = json.NewEncoder(c.Stdout).Encode(report)
	} else {
		err = report.WriteText(c.Stdout)
	}
	if err == nil && !report.Passed {
		err = cli.Said(cli.Failure)
	}
	return err
}

func (k *probeCommand) misuse() error {
	var errs []error
	if !k.Negative {
		errs = append(errs, errors.New("give --negative, which is the only probe there is; whether the server can serve is at /readyz"))
	}
	if (k.Token == "") == (k.Emulator == "") {
		errs = append(errs, errors.New("give --token with a good token, or --emulator"))
	}
	if k.Emulator != "" && (k.Teams != "" || len(k.Wrong) > 0) {
		errs = append(errs, errors.New("--emulator makes all tokens; leave out --teams and --wrong"))
	}
	if k.Every != 0 && (k.Every < minEvery || k.Every > maxEvery) {
		errs = append(errs, fmt.Errorf("--every: is %v, allowed is %v to %v", k.Every, minEvery, maxEvery))
	}
	if k.Every != 0 && k.Token == "-" {
		errs = append(errs, errors.New("--every reads the good token anew each time: give --token a file"))
	}
	return errors.Join(errs...)
}

// round reads the tokens and probes.
func (k *probeCommand) round(c cli.Call) (probe.Report, error) {
	tokens, err := k.tokens(c)
	if err != nil {
		return probe.Report{}, err
	}
	o := probe.Options{URL: k.URL, Tokens: tokens, Skip: k.Skip, Timeout: k.Timeout}
	if err := o.Validate(); err != nil {
		return probe.Report{}, cli.Misused(err)
	}
	return probe.Run(c.Context, o)
}

func (k *probeCommand) tokens(c cli.Call) (t probe.Tokens, err error) {
	if k.Emulator != "" {
		if t, err = probe.Mint(c.Context, k.Emulator); err != nil {
			err = fmt.Errorf("--emulator: %w", err)
		}
		return t, err
	}
	if t.Good, err = readToken(k.Token); err != nil {
		return t, cli.Misused(fmt.Errorf("--token: %w", err))
	}
	if k.Teams != "" {
		if t.Teams, err = readToken(k.Teams); err != nil {
			return t, cli.Misused(fmt.Errorf("--teams: %w", err))
		}
	}
	for _, w := range k.Wrong {
		control, path, ok := strings.Cut(w, "=")
		if !ok {
			return t, cli.Misused(errors.New("--wrong: is not of the form CONTROL=FILE, such as expiry=old.jwt"))
		}
		text, err := readToken(path)
		if err != nil {
			return t, cli.Misused(fmt.Errorf("--wrong %s: %w", control, err))
		}
		t.Wrong = append(t.Wrong, probe.Wrong{Control: control, Name: "the token given", Token: text})
	}
	return t, nil
}

// maxTokenFile bounds a token file: the token, and white space.
const maxTokenFile = 17 << 10

// readToken reads a token from a file, or from the standard input for -.
func readToken(path string) (string, error) {
	var in io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxTokenFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxTokenFile:
		return "", errors.New("is longer than a token can be")
	}
	return strings.TrimSpace(string(text)), nil
}

// loop probes until a signal. It ends with an error if the last round found something.
func (k *probeCommand) loop(c cli.Call) error {
	tick := time.NewTicker(k.Every)
	defer tick.Stop()
	var failed error
	for {
		report, err := k.round(c)
		if c.Context.Err() != nil {
			return failed
		}
		failed = nil
		if err != nil || !report.Passed {
			failed = cli.Said(cli.Failure)
		}
		if err := k.line(c, report, err); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-c.Context.Done():
			return failed
		}
	}
}

// line prints what a round found, as one line.
func (k *probeCommand) line(c cli.Call, r probe.Report, err error) error {
	at := time.Now().UTC().Format(time.RFC3339)
	text := ""
	if err != nil {
		text = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	if !k.JSON {
		if text == "" {
			text = r.Line()
		} else {
			text = "FAIL: " + text
		}
		_, err := fmt.Fprintf(c.Stdout, "%s probe %s: %s\n", at, k.URL, text)
		return err
	}
	return json.NewEncoder(c.Stdout).Encode(struct {
		Time     string           `json:"time"`
		URL      string           `json:"url"`
		Passed   bool             `json:"passed"`
		Error    string           `json:"error,omitempty"`
		Findings []probe.Result   `json:"findings,omitempty"`
		Proven   []string         `json:"proven"`
		Untested []probe.Untested `json:"untested"`
	}{at, k.URL, err == nil && r.Passed, text, r.Failures(), r.Proven, r.Untested})
}
