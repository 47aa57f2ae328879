package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
)

// The most that a file of claims may hold.
const (
	maxClaimsSize = 1 << 20
	maxClaimsSets = 1000
)

// A claimSet are the claims of one token, as far as a policy looks at them. A
// member of another form counts as missing, as the server takes it.
type claimSet map[string]any

// readClaims reads one set of claims, or several: a list, or one after the other.
func readClaims(path string) ([]claimSet, error) {
	text, err := readSome(path)
	if err != nil {
		return nil, err
	}
	name := "claims in " + path
	if path == "-" {
		name = "claims on the standard input"
	}
	var out []claimSet
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, cli.Misused(fmt.Errorf("%s: are not JSON", name)) // without what is there: it is personal data
		}
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, item := range list {
			set, ok := item.(map[string]any)
			if !ok {
				return nil, cli.Misused(fmt.Errorf("%s: one is not an object; write an object of claims, or a list of objects", name))
			}
			out = append(out, set)
		}
	}
	if len(out) == 0 || len(out) > maxClaimsSets {
		return nil, cli.Misused(fmt.Errorf("%s: there are %d sets; write 1 to %d", name, len(out), maxClaimsSets))
	}
	return out, nil
}

func readSome(path string) ([]byte, error) {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxClaimsSize+1))
	if err == nil && len(text) > maxClaimsSize {
		err = cli.Misused(fmt.Errorf("%s: is larger than 1 MiB", path))
	}
	return text, err
}

func (c claimSet) text(names ...string) string {
	for _, name := range names {
		if s, ok := c[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// list returns a list of texts. If one entry is none, it is empty.
func (c claimSet) list(name string) (out []string) {
	items, _ := c[name].([]any)
	for _, v := range items {
		s, ok := v.(string)
		if !ok || s == "" {
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (c claimSet) has(name string) bool { _, ok := c[name]; return ok }

// overage reports whether the token says that its groups are elsewhere.
func (c claimSet) overage() bool {
	names, _ := c["_claim_names"].(map[string]any)
	_, elsewhere := names["groups"]
	return elsewhere || c.has("hasgroups")
}

// caller makes of the claims what the server would make of a token with them,
// and notes what the reader should know, of groups only if the policy has any.
func (c claimSet) caller(issuer string, all []config.Issuer, groups bool) (acsauth.Caller, []string) {
	var notes []string
	out := acsauth.Caller{Kind: c.kind(), Issuer: issuer, Tenant: strings.ToLower(c.text("tid")), Client: c.text("azp", "appid", "client_id"), Roles: c.list("roles")}
	if out.Issuer == "" {
		out.Issuer = issuerOf(all, c.text("iss"), out.Tenant)
	}
	if out.Issuer == "" {
		notes = append(notes, "the issuer is not known, so no rule with issuers fits; give the settings of the server, or --issuer NAME")
	}
	if out.Kind == acsauth.Guest && slices.ContainsFunc(all, func(i config.Issuer) bool { return i.Name == out.Issuer && i.Kind != config.KindEntra }) {
		out.Kind = acsauth.User // only Entra ID has guests
	}
	switch {
	case c.overage() && groups:
		notes = append(notes, "the token leaves its groups out because they are too many, so no rule with groups fits")
	case !c.has("groups") && groups:
		notes = append(notes, "the token has no claim groups, so no rule with groups fits")
	case !c.overage():
		out.Groups = c.list("groups")
	}
	if out.Kind != acsauth.App && !c.has("scp") && !c.has("scope") && !c.has("idtyp") {
		notes = append(notes, "there is neither scp nor idtyp; the server would take a token of Entra ID without both for a program's")
	}
	return out, notes
}

// kind tells members, guests and programs apart, by the claims that the server looks at.
func (c claimSet) kind() acsauth.CallerKind {
	if c.text("idtyp") == "app" {
		return acsauth.App
	}
	if acct, ok := c["acct"]; ok && fmt.Sprint(acct) != "0" {
		return acsauth.Guest
	}
	tid := strings.ToLower(c.text("tid"))
	own := []string{"https://sts.windows.net/" + tid + "/", "https://login.microsoftonline.com/" + tid + "/v2.0", c.text("iss")}
	if idp := c.text("idp"); tid != "" && c.has("idp") && !slices.Contains(own, idp) {
		return acsauth.Guest
	}
	return acsauth.User
}
