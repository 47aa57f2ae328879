package main

import (
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// policyCommand groups what can be asked of a policy file. No server is called.
type policyCommand struct {
	Check policyCheckCommand `cmd:"" help:"Name every fault of a policy file, and rules that hardly mean what they say."`
	Test  policyTestCommand  `cmd:"" help:"Say what the policy gives to callers with the given claims, and by which rule."`
	Who   policyWhoCommand   `cmd:"" help:"Say who gets an ACS scope or an operation."`
}

// Help is shown by acsauth policy --help.
func (policyCommand) Help() string {
	return "A policy file says which callers get which operations, ACS scopes and token lifetimes. The server reads the one that ACSAUTH_POLICY names. " +
		"docs/policy.md explains it and has examples. These commands call nobody and change nothing."
}

// policyFile is the file that a command is about.
type policyFile struct {
	File string `arg:"" help:"The policy file (JSON)."`
}

func (f policyFile) load() (*policy.Policy, error) {
	text, err := policy.ReadFile(f.File)
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse(text)
	if err == nil {
		return p, nil
	}
	var faults []error
	for _, fault := range policy.Faults(err) {
		faults = append(faults, fmt.Errorf("%s: %w", f.File, fault))
	}
	return nil, cli.Misused(errors.Join(faults...))
}

type policyCheckCommand struct {
	policyFile
	issuerSettings
	Strict bool `help:"Exit with 1 if there is a warning."`
}

// Help is shown by acsauth policy check --help.
func (policyCheckCommand) Help() string {
	return "If the settings of the server are given, by --config or in the environment, conditions that no caller of them can meet are named, too.\n\n" +
		"Exit codes: 0 the file is good, 1 it cannot be read (with --strict: or there is a warning), 2 the file or the settings have faults."
}

// Run prints the rules in words, and warnings.
func (k *policyCheckCommand) Run(c cli.Call) error {
	p, err := k.load()
	if err != nil {
		return err
	}
	issuers, err := k.issuers(c)
	if err != nil {
		return err
	}
	rules := p.Rules()
	fmt.Fprintf(c.Stdout, "%s: version %s, mode %s, %d rules\n", k.File, p.Version(), p.Mode(), len(rules)-1)
	for i, r := range rules {
		fmt.Fprintf(c.Stdout, "%4d  %s: %s\n      gets %s\n", i+1, r.Rule, r.Callers, r.Gives)
	}
	if p.Mode() == policy.Audit {
		fmt.Fprintln(c.Stdout, "The mode is audit: nothing is refused, only noted.")
	}
	warnings := p.Lint(lintIssuers(issuers))
	for _, w := range warnings {
		fmt.Fprintf(c.Stdout, "warning: %s\n", w)
	}
	switch {
	case len(warnings) > 0 && k.Strict:
		return cli.Said(cli.Failure)
	case len(issuers) == 0:
		fmt.Fprintln(c.Stdout, "The file is good. Issuers, tenants and clients were not compared with settings: none are given.")
	default:
		fmt.Fprintln(c.Stdout, "The file is good.")
	}
	return nil
}
