package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/policy"
)

type policyTestCommand struct {
	policyFile
	Claims string `arg:"" help:"File with the claims of a token, or of several, as JSON; - reads the standard input."`
	issuerSettings
	Issuer string `help:"Name of the issuer, in place of the one that fits iss and tid." placeholder:"NAME"`
	JSON   bool   `name:"json" help:"One JSON object for each caller, on a line."`
}

// Help is shown by acsauth policy test --help.
func (policyTestCommand) Help() string {
	return "Claims that count: iss, tid, acct, idp, idtyp, azp (or appid, client_id), roles, groups. All others are ignored and never printed. " +
		"Whether the server accepts such a token at all is not said: see acsauth explain.\n\n" +
		"The answer is that of mode enforce, whatever the mode of the file.\n\n" +
		"Exit codes: 0 answered, 1 a file cannot be read, 2 the policy, the claims or the settings have faults."
}

// Run prints what each caller gets.
func (k *policyTestCommand) Run(c cli.Call) error {
	p, err := k.load()
	if err != nil {
		return err
	}
	issuers, err := k.issuers(c)
	if err != nil {
		return err
	}
	sets, err := readClaims(k.Claims)
	if err != nil {
		return err
	}
	for i, set := range sets {
		caller, notes := set.caller(k.Issuer, issuers, len(p.HasGroups()) > 0)
		v := verdict{Number: i + 1, Caller: seenAs(caller), Notes: notes, Mode: p.Mode(), Version: p.Version()}
		for _, op := range policy.Operations() {
			v.Operations = append(v.Operations, answer(p.Enforced().Decide(caller, op), op))
		}
		if err := k.print(c.Stdout, v); err != nil {
			return err
		}
	}
	return nil
}

// A verdict is what one caller gets.
type verdict struct {
	Number     int         `json:"number"`
	Caller     seen        `json:"caller"`
	Notes      []string    `json:"notes,omitempty"`
	Mode       policy.Mode `json:"mode"`
	Version    string      `json:"version"`
	Operations []operation `json:"operations"`
}

// seen is what the policy sees of a caller.
type seen struct {
	Kind   string   `json:"kind"`
	Issuer string   `json:"issuer"`
	Tenant string   `json:"tenant"`
	Client string   `json:"client"`
	Roles  []string `json:"roles"`
	Groups []string `json:"groups"`
}

type operation struct {
	Operation          policy.Operation `json:"operation"`
	Allowed            bool             `json:"allowed"`
	Rule               string           `json:"rule"`
	Reason             string           `json:"reason,omitempty"`
	Scopes             []acsauth.Scope  `json:"scopes,omitempty"`
	MaxLifetimeMinutes int              `json:"maxLifetimeMinutes,omitempty"`
}

func seenAs(c acsauth.Caller) seen {
	kind := map[acsauth.CallerKind]string{acsauth.User: "member", acsauth.Guest: "guest", acsauth.App: "program"}[c.Kind]
	return seen{kind, c.Issuer, c.Tenant, c.Client, append([]string{}, c.Roles...), append([]string{}, c.Groups...)}
}

func answer(d policy.Decision, op policy.Operation) operation {
	return operation{op, d.Allowed, d.Rule, d.Reason, d.Scopes, int(d.MaxLifetime / time.Minute)}
}

func (k *policyTestCommand) print(w io.Writer, v verdict) error {
	if k.JSON {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	if v.Number > 1 {
		fmt.Fprintln(w)
	}
	s := v.Caller
	fmt.Fprintf(w, "Caller %d: %s, issuer %s, tenant %s, client %s, app roles %s, groups %d\n", v.Number, s.Kind, plain(s.Issuer), plain(s.Tenant), plain(s.Client), plain(strings.Join(s.Roles, " ")), len(s.Groups))
	for _, n := range v.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	if v.Mode == policy.Audit {
		fmt.Fprintln(w, "note: the mode is audit, so nothing is refused yet; this is what enforce would do")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "OPERATION\tALLOWED\tRULE\tWHAT")
	for _, o := range v.Operations {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", o.Operation, yesNo(o.Allowed), o.Rule, o.what())
	}
	return t.Flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// what is the most that the operation gives, or why it is refused.
func (o operation) what() string {
	switch {
	case !o.Allowed:
		return o.Reason
	case !o.Operation.GivesScopes():
		return "-"
	case o.MaxLifetimeMinutes == 0:
		return policy.ScopeWords(o.Scopes) + "; as long as the settings give"
	}
	return fmt.Sprintf("%s; at most %d minutes", policy.ScopeWords(o.Scopes), o.MaxLifetimeMinutes)
}
