package entra

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const (
	maxClaims  = 8 << 10 // of a claims parameter, in bytes
	maxProofs  = 64
	maxDemands = 16 // of a claims parameter, and values of all of them
)

// demand is one claim that a challenge asks for in the access token. Any of the values will do; none stands for itself.
type demand struct {
	name   string
	values []string
}

// proofs are the answers to challenges that a sign-in has given, as name=value.
type proofs []string

var errChallenge = errors.New("a claims challenge is a JSON object with an object access_token of at most 16 members and 16 values, 8 KiB at most")

// parseChallenge reads a claims parameter or a claims challenge. xms_cc is no demand but a capability.
func parseChallenge(claims string) ([]demand, error) {
	if claims == "" {
		return nil, nil
	}
	var c struct {
		AccessToken map[string]*struct {
			Value  any   `json:"value"`
			Values []any `json:"values"`
		} `json:"access_token"`
	}
	if len(claims) > maxClaims || json.Unmarshal([]byte(claims), &c) != nil || len(c.AccessToken) > maxDemands {
		return nil, errChallenge
	}
	var list []demand
	values := 0
	for name, m := range c.AccessToken {
		d := demand{name: name}
		if m != nil {
			if m.Value != nil {
				m.Values = append(m.Values, m.Value)
			}
			for _, v := range m.Values {
				if text, ok := v.(string); ok && text != "" && len(text) <= 256 {
					d.values = append(d.values, text)
				}
			}
			values += len(d.values)
		}
		if name != "xms_cc" {
			list = append(list, d)
		}
	}
	if values > maxDemands {
		return nil, errChallenge
	}
	slices.SortFunc(list, func(a, b demand) int { return strings.Compare(a.name, b.name) })
	return list, nil
}

// proof are the answers that meet a demand.
func (d demand) proof() proofs {
	if len(d.values) == 0 {
		return proofs{d.name + "="}
	}
	var p proofs
	for _, v := range d.values {
		p = append(p, d.name+"="+v)
	}
	return p
}

// met reports whether the answers of a sign-in hold one to the demand.
func (d demand) met(have proofs) bool {
	return slices.ContainsFunc(d.proof(), func(p string) bool { return slices.Contains(have, p) })
}

// metAll reports whether every demand is met.
func metAll(demands []demand, have proofs) bool {
	return !slices.ContainsFunc(demands, func(d demand) bool { return !d.met(have) })
}

// newness is the answer of every new token to the demand for one that is newer than an event, as continuous access
// evaluation has it.
func newness(demands []demand) proofs {
	var p proofs
	for _, d := range demands {
		if d.name == "nbf" {
			p = p.with(d.proof())
		}
	}
	return p
}

// with adds answers, each once. The bound is far above what one sign-in can give.
func (p proofs) with(more proofs) proofs {
	p = slices.Clone(p)
	for _, m := range more {
		if !slices.Contains(p, m) && len(p) < maxProofs {
			p = append(p, m)
		}
	}
	return p
}

// addProofs puts the answers into an access token: authentication contexts into acrs, as Entra does, the others into aio, which
// is opaque to everybody else.
func addProofs(c emu.Claims, p proofs) {
	if len(p) == 0 {
		return
	}
	var acrs []string
	var rest proofs
	for _, one := range p {
		if context, ok := strings.CutPrefix(one, "acrs="); ok {
			acrs = append(acrs, context)
		} else {
			rest = append(rest, one)
		}
	}
	if len(acrs) > 0 {
		c["acrs"] = acrs
	}
	if c["amr"] != nil {
		c["amr"] = []string{"pwd", "mfa"}
	}
	if len(rest) > 0 {
		b, _ := json.Marshal(rest) // strings always encode
		c["aio"] = randomText(24) + "." + base64.RawURLEncoding.EncodeToString(b)
	}
}

// proofsOf reads the answers from a verified access token.
func proofsOf(c emu.Claims) proofs {
	var p proofs
	if _, tail, ok := strings.Cut(text(c, "aio"), "."); ok {
		if decodeSegment(tail, &p) != nil {
			p = nil
		}
	}
	acrs, _ := c["acrs"].([]any)
	for _, v := range acrs {
		if context, ok := v.(string); ok {
			p = append(p, "acrs="+context)
		}
	}
	return p
}
