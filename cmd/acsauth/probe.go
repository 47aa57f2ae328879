package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/probe"
)

// The bounds of --every. A negative round has many more requests.
const (
	minEvery         = 10 * time.Second
	minEveryNegative = 30 * time.Second
	maxEvery         = 24 * time.Hour
)

type probeCommand struct {
	URL           string        `arg:"" help:"Where the server is, such as https://auth.contoso.com. Plain http on this machine only." placeholder:"URL"`
	Negative      bool          `help:"Send what the server must refuse, instead of what it must serve."`
	Token         string        `help:"File with a good access token, or - for the standard input." placeholder:"FILE"`
	TokenCommand  string        `help:"Program and arguments that print a good access token, run for each round, without a shell. Instead of --token." placeholder:"COMMAND"`
	Origin        string        `help:"Web origin that must be allowed to call (CORS)." placeholder:"URL"`
	Teams         string        `help:"With --negative: file with a Teams user's token of the same user. Default: one is made up, which ACS refuses." placeholder:"FILE"`
	Wrong         []string      `help:"With --negative: file with a token that CONTROL must refuse, such as expiry=old.jwt. May be repeated." placeholder:"CONTROL=FILE" sep:"none"`
	Emulator      string        `help:"URL of the administration of an emulator on this machine, which makes all tokens. Instead of --token." placeholder:"URL"`
	Skip          []string      `help:"With --negative: control that the server is meant to be without, such as guest. May be repeated." placeholder:"CONTROL"`
	Every         time.Duration `help:"Go on, with a round this often, 10s (with --negative 30s) to 24h, and a line for each. Token files are read anew." placeholder:"TIME"`
	Metrics       string        `help:"File for the metrics of the last round, for the textfile collector of node_exporter: a name that ends in .prom." placeholder:"FILE"`
	MetricsListen string        `help:"With --every: address at which /metrics tells of the last round." placeholder:"HOST:PORT"`
	Timeout       time.Duration `help:"How long to wait for one answer, up to 1m. Default: 10s." default:"10s" placeholder:"TIME"`
	JSON          bool          `name:"json" help:"Print JSON, one line for each round."`
}

// Help is shown by acsauth probe --help.
func (probeCommand) Help() string {
	return "For example: acsauth probe https://auth.contoso.com --token good.jwt\n" +
		"             acsauth probe https://auth.contoso.com --negative --token good.jwt --wrong expiry=old.jwt\n\n" +
		"Without --negative: the user of the good token must get an identity, a token and a fresh token, all members of the answers must be as they should, and a wrong token must be refused. " +
		"Checks: " + strings.Join(probe.PositiveChecks(), " ") + ".\n\n" +
		"With --negative: a good request goes first, since a server that refuses everything protects nothing. Then each wrong request must be refused with the status and code of its control. " +
		"No identity is made. Controls that a token can be given for: " + strings.Join(probe.GivenControls(), " ") +
		". Others, to skip: " + strings.Join(probe.Controls()[len(probe.GivenControls()):], " ") + ".\n\n" +
		"No token is printed. docs/probe.md explains both.\n\n" +
		"Exit codes: 0 all is as it must be, 1 something is not, 2 the command line or a token file is wrong."
}

// Run probes once, or until a signal.
func (k *probeCommand) Run(c cli.Call) error {
	if err := k.misuse(); err != nil {
		return cli.Misused(err)
	}
	if k.Every > 0 {
		return k.loop(c)
	}
	o, err := k.round(c)
	if err != nil {
		return err
	}
	if k.JSON {
		err = json.NewEncoder(c.Stdout).Encode(o.report)
	} else {
		err = o.text(c.Stdout)
	}
	if err == nil {
		err = k.writeMetrics(o.sample)
	}
	if err == nil && !o.sample.Passed {
		err = cli.Said(cli.Failure)
	}
	return err
}

// An outcome is what came of a round of either kind.
type outcome struct {
	sample probe.Sample
	line   string
	text   func(io.Writer) error
	report any // for JSON
	brief  any // the same for a line of JSON in a loop: what is wrong, and what was looked at
}

// round gets the tokens and probes.
func (k *probeCommand) round(c cli.Call) (outcome, error) {
	if k.Negative {
		return k.negative(c)
	}
	return k.positive(c)
}

func (k *probeCommand) misuse() error {
	errs := []error{k.misusedTokens()}
	least := minEvery
	if k.Negative {
		least = minEveryNegative
	}
	if k.Every != 0 && (k.Every < least || k.Every > maxEvery) {
		errs = append(errs, fmt.Errorf("--every: is %v, allowed is %v to %v", k.Every, least, maxEvery))
	}
	if k.MetricsListen != "" && k.Every == 0 {
		errs = append(errs, errors.New("--metrics-listen tells of rounds: give --every, too"))
	}
	if k.Negative && k.Origin != "" {
		errs = append(errs, errors.New("--origin is of the other kind of probe; leave out --negative"))
	}
	if !k.Negative && (k.Teams != "" || len(k.Wrong) > 0 || len(k.Skip) > 0) {
		errs = append(errs, errors.New("--teams, --wrong and --skip are for --negative"))
	}
	return errors.Join(errs...)
}

func (k *probeCommand) misusedTokens() error {
	var errs []error
	given := 0
	for _, s := range []string{k.Token, k.TokenCommand, k.Emulator} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		errs = append(errs, errors.New("give --token with a good token, or --emulator, or --token-command, and one only"))
	}
	if k.Emulator != "" && (k.Teams != "" || len(k.Wrong) > 0) {
		errs = append(errs, errors.New("--emulator makes all tokens; leave out --teams and --wrong"))
	}
	if k.Every != 0 && k.Token == "-" {
		errs = append(errs, errors.New("--every reads the good token anew each time: give --token a file"))
	}
	return errors.Join(errs...)
}
