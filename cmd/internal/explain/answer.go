package explain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/acs-solutions/acsauth/internal/authn"
)

// The verdicts.
const (
	accepted  = "accepted"
	refused   = "refused"
	unknown   = "unknown"   // the signing keys could not be loaded
	plausible = "plausible" // the kind and the times are right; nothing else was looked at
)

// keysUnavailable is the code of the service if it has no keys to check a token with.
const keysUnavailable = "keys_unavailable"

// errorsPage is where every code is explained.
const errorsPage = "https://github.com/acs-solutions/acsauth/blob/main/docs/errors.md#"

// An answer is what the command prints.
type answer struct {
	Verdict  string   `json:"verdict"`
	Code     string   `json:"code,omitempty"`
	Expected string   `json:"expected,omitempty"`
	Found    string   `json:"found,omitempty"`
	Change   string   `json:"change,omitempty"`
	Setting  string   `json:"setting,omitempty"` // of the service, if that is what is wrong
	Kind     string   `json:"kind"`              // what the token says it is
	Verified bool     `json:"verified"`          // the signature was checked and is good
	Offline  bool     `json:"offline"`           // it was not checked, as asked, or as for all Teams tokens
	Issuer   string   `json:"issuer,omitempty"`
	Notes    []string `json:"notes,omitempty"`
	Steps    []step   `json:"steps,omitempty"`
	Claims   []claim  `json:"claims,omitempty"`
}

type step struct {
	Rule     string `json:"rule"`
	State    string `json:"state"`
	Code     string `json:"code,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

type claim struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// judge takes a report over.
func (a *answer) judge(r authn.Report, offline bool) {
	a.Verdict, a.Code, a.Verified, a.Issuer, a.Offline = accepted, r.Code, r.Verified, r.Issuer, offline
	for _, s := range r.Steps {
		a.Steps = append(a.Steps, step(s))
	}
	for _, c := range r.Claims {
		a.Claims = append(a.Claims, claim(c))
	}
	switch first := a.failed(); {
	case r.Code == keysUnavailable && len(first) == 1:
		a.Verdict = unknown
	case r.Code != "":
		a.Verdict = refused
	}
	a.lead()
	if offline {
		a.Notes = append(a.Notes, "The signature was not checked (--offline). Anybody can make up a token that looks like this one.")
	}
}

// lead puts the rule that failed first to the front.
func (a *answer) lead() {
	for _, s := range a.failed() {
		a.Expected, a.Found, a.Change = s.Expected, s.Found, s.Hint
		return
	}
}

func (a *answer) failed() (out []step) {
	for _, s := range a.Steps {
		if s.State == authn.StepFailed {
			out = append(out, s)
		}
	}
	return out
}

func (a *answer) writeText(w io.Writer) error {
	var b strings.Builder
	b.WriteString(a.headline() + "\n")
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, value)
		}
	}
	line("token", a.Kind)
	line("expected", a.Expected)
	line("found", a.Found)
	line("change", a.Change)
	line("setting", a.Setting)
	if a.Code != "" {
		line("more", errorsPage+a.Code)
	}
	for _, n := range a.Notes {
		line("note", n)
	}
	if err := a.writeSteps(&b); err != nil {
		return err
	}
	if len(a.Claims) > 0 {
		b.WriteString("\nClaims, without those that name a person\n")
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, c := range a.Claims {
			fmt.Fprintf(t, "  %s\t%s\n", c.Name, c.Value)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	for line := range strings.Lines(b.String()) { // columns leave blanks at the end of a line
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) headline() string {
	switch a.Verdict {
	case accepted:
		if a.Offline {
			return "This token would be accepted if its signature is good, which was not checked."
		}
		return "This token would be accepted."
	case plausible:
		return "The kind and the times of this token are right. Nothing else was looked at."
	case unknown:
		return "This token cannot be judged: " + a.Code + "."
	}
	s := "This token would be refused: " + a.Code + "."
	if more := a.failed(); len(more) > 1 {
		s += fmt.Sprintf(" %d rules fail; this is the first one.", len(more))
	}
	return s
}

func (a *answer) writeSteps(b *strings.Builder) error {
	if len(a.Steps) == 0 {
		return nil
	}
	b.WriteString("\nRules, in the order of the service")
	if a.Issuer != "" {
		b.WriteString(" (issuer " + a.Issuer + ")")
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, s := range a.Steps {
		text := ""
		if s.State == authn.StepFailed {
			text = s.Code
			if s.Expected != "" {
				text += ": expected " + s.Expected + "; found " + s.Found
			}
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", s.State, s.Rule, text)
	}
	return t.Flush()
}
