package authn

import (
	"context"
	"slices"
	"strconv"

	"github.com/acs-solutions/acsauth"
)

// ExplainOptions say how a token is to be explained.
type ExplainOptions struct {
	// Offline loads no keys. The signature is then not checked.
	Offline bool
	// Admin judges a token for the administration routes, which programs may call: what routes for users want is skipped.
	Admin bool
}

// A Report says rule by rule what is right and wrong about a token.
type Report struct {
	Code     string // of the first rule that failed, as Verify and RequireUser give it; "" if all is well
	Verified bool   // the signature was checked and is good
	Issuer   string // name of the issuer whose rules were applied, the likeliest one if the token is of none
	Steps    []Step
	Claims   []Claim
}

// The states of a Step.
const (
	StepOK      = "ok"
	StepFailed  = "failed"
	StepSkipped = "skipped" // not judged: a rule before it failed, or the options say so
)

// A Step is the judgment on one rule.
type Step struct {
	Rule  string
	State string
	// Code, Expected, Found and Hint are those of the error, if the rule failed.
	Code, Expected, Found, Hint string
}

// A Claim is a member of the token that is safe to show: kid, alg and typ of its
// header, and claims. Of those that name a person the value is only present or missing.
type Claim struct{ Name, Value string }

// Explain judges a token by all rules and goes on after the first that fails, as
// far as it makes sense. It is for the operator: unlike an error of Verify, a
// report may tell what holds only if the signature is good.
func (v *Verifier) Explain(ctx context.Context, token string, o ExplainOptions) Report {
	k := &check{v: v, token: token, now: v.opt.Now()}
	var r Report
	judge := func(s *step) {
		state, e := r.judge(ctx, k, s, o)
		out := Step{Rule: s.rule, State: state}
		if e != nil {
			if e.Hint == "" {
				e.Hint = k.hints().scopeHint
			}
			out.Code, out.Expected, out.Found, out.Hint = e.Code, e.Expected, e.Found, e.Hint
			if r.Code == "" {
				r.Code = e.Code
			}
		}
		r.Steps = append(r.Steps, out)
	}
	for n := range tokenSteps {
		judge(&tokenSteps[n])
	}
	for n := range userSteps {
		judge(&userSteps[n])
	}
	r.Issuer = k.hints().Name
	r.Claims = k.show()
	r.Verified = r.state("signature") == StepOK
	return r
}

func (r *Report) judge(ctx context.Context, k *check, s *step, o ExplainOptions) (string, *acsauth.Error) {
	skip := o.Offline && (s.rule == "key" || s.rule == "signature") || o.Admin && isUserStep(s)
	for _, rule := range s.needs {
		skip = skip || r.state(rule) != StepOK
	}
	if skip {
		return StepSkipped, nil
	}
	if e := s.do(ctx, k); e != nil {
		return StepFailed, e
	}
	return StepOK, nil
}

func isUserStep(s *step) bool {
	return slices.ContainsFunc(userSteps[:], func(u step) bool { return u.rule == s.rule })
}

func (r *Report) state(rule string) string {
	for _, s := range r.Steps {
		if s.Rule == rule {
			return s.State
		}
	}
	return ""
}

// show lists what may be shown of the token.
func (k *check) show() (out []Claim) {
	if k.c.kind != jsonObject {
		return nil
	}
	for _, name := range [...]string{"kid", "alg", "typ"} {
		out = append(out, Claim{name, shown(k.header, name)})
	}
	for _, name := range [...]string{"iss", "aud", "ver", "tid", "tfp", "scp", "scope", "roles", "azp", "appid", "client_id", "azpacr", "appidacr", "idtyp", "iat", "nbf", "exp"} {
		if k.c.has(name) {
			out = append(out, Claim{name, shown(k.c.jsonValue, name)})
		}
	}
	for _, name := range [...]string{"oid", "sub", "nonce", "idp", "acct"} {
		value := "missing"
		if k.c.has(name) {
			value = "present"
		}
		out = append(out, Claim{name, value})
	}
	return out
}

func shown(in jsonValue, name string) string {
	v, ok := in.get(name)
	switch {
	case !ok:
		return "missing"
	case v.kind == jsonString:
		return show(v.text)
	case v.kind == jsonNumber:
		if sec, err := strconv.ParseInt(v.text, 10, 64); err == nil && (name == "exp" || name == "nbf" || name == "iat") {
			return stamp(sec)
		}
		return bare(v.text)
	case v.kind == jsonArray:
		names, _ := v.strings()
		return "[" + oneOf(names) + "]"
	}
	return "of another form"
}
