package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/policy"
)

type policyWhoCommand struct {
	policyFile
	What string `arg:"" help:"An ACS scope such as voip, or an operation such as deleteUser."`
	JSON bool   `name:"json" help:"One JSON object for each rule, on a line."`
}

// Help is shown by acsauth policy who --help.
func (policyWhoCommand) Help() string {
	return "A rule decides alone, so one who fits a rule before does not get what a later one gives; such rules are listed with unless. " +
		"A scope is also given by one that includes it: voip.join by voip. The answer is that of mode enforce. Programs without a user get nothing.\n\n" +
		"Exit codes: 0 somebody gets it, 1 nobody does or the file cannot be read, 2 the command line or the file has faults."
}

// Run prints the rules that give it.
func (k *policyWhoCommand) Run(c cli.Call) error {
	p, err := k.load()
	if err != nil {
		return err
	}
	var givers []policy.Giver
	switch {
	case slices.Contains(acsauth.AllScopes(), acsauth.Scope(k.What)):
		givers = p.WhoGetsScope(acsauth.Scope(k.What))
	case slices.Contains(policy.Operations(), policy.Operation(k.What)):
		givers = p.WhoGetsOperation(policy.Operation(k.What))
	default:
		return cli.Misused(fmt.Errorf("%s is neither a scope nor an operation; write one of %v or %v", plain(k.What), acsauth.AllScopes(), policy.Operations()))
	}
	if len(givers) == 0 {
		if !k.JSON {
			fmt.Fprintf(c.Stdout, "Nobody gets %s.\n", k.What)
		}
		return cli.Said(cli.Failure)
	}
	for _, g := range givers {
		if err := k.print(c, g); err != nil {
			return err
		}
	}
	if !k.JSON {
		k.remarks(c, p)
	}
	return nil
}

func (k *policyWhoCommand) print(c cli.Call, g policy.Giver) error {
	if k.JSON {
		text, err := json.Marshal(g)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.Stdout, "%s\n", text)
		return err
	}
	fmt.Fprintf(c.Stdout, "%s: %s\n  gets %s\n", g.Rule, g.Callers, g.Gives)
	for _, u := range g.Unless {
		fmt.Fprintf(c.Stdout, "  unless %s: %s\n    gets %s\n", u.Rule, u.Callers, u.Gives)
	}
	return nil
}

// remarks say what the rules do not show.
func (k *policyWhoCommand) remarks(c cli.Call, p *policy.Policy) {
	if len(p.HasGroups()) > 0 {
		fmt.Fprintln(c.Stdout, "A token with too many groups names none of them, and fits no rule with groups.")
	}
	if p.Mode() == policy.Audit {
		fmt.Fprintln(c.Stdout, "The mode is audit: for now everybody gets what there is without a policy.")
	}
}
