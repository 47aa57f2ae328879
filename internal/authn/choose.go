package authn

import (
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// A choice is the issuer, the keys and the form that the claims of a token name.
// All three are configured; the claims are proved later, by the key that belongs to them.
type choice struct {
	iss    *issuer // never nil after choose: at least the likeliest one, for hints
	src    *source // nil if the token is of no issuer
	p      profile
	tenant string // tid in lower case, or "" where an issuer has no tenants
}

// choose decides which issuer a token claims to be from. It makes no request.
func (v *Verifier) choose(c claims) (choice, *acsauth.Error) {
	iss, _ := c.str("iss")
	if list := v.exact[iss]; list != nil {
		return chooseExact(byAudience(byPolicy(list, c), c), c)
	}
	entra := v.ofKind(Entra)
	if entra == nil || len(v.exact) > 0 && !c.has("tid") && !likeEntra(entra, iss) {
		ch := choice{iss: byAudience(v.issuers, c), p: open}
		if ch.iss.Kind == Entra || ch.iss.Kind == ExternalID {
			ch.p = v2
		}
		return ch, mismatch(tokenIssuer, "an issuer of this API", c.found("iss"), "The token is of an issuer that this API does not know: "+c.found("iss")+".",
			"Sign in at the authority of this API. Operator: the issuers of this server; iss is compared byte for byte.")
	}
	return v.chooseEntra(entra, c)
}

// likeEntra reports whether iss could be one of Entra ID, so that tenant and version can say more about a token.
func likeEntra(list []*issuer, iss string) bool {
	return strings.HasPrefix(iss, "https://sts.") || slices.ContainsFunc(list, func(i *issuer) bool { return strings.HasPrefix(iss, i.AuthorityHost+"/") })
}

func (v *Verifier) ofKind(kind Kind) (list []*issuer) {
	for _, i := range v.issuers {
		if i.Kind == kind {
			list = append(list, i)
		}
	}
	return list
}

// byAudience returns the issuer that the token is for, or else the first one.
func byAudience(list []*issuer, c claims) *issuer {
	for _, i := range list {
		if i.isFor(c) {
			return i
		}
	}
	return list[0]
}

// chooseExact is for the issuers whose iss is one fixed string.
func chooseExact(i *issuer, c claims) (choice, *acsauth.Error) {
	ch := choice{iss: i, p: open}
	switch i.Kind {
	case OIDC:
		ch.src = i.sources[""]
		return ch, nil
	case B2C:
		return i.choosePolicy(ch, c)
	}
	ch.p = v2
	p, e := profileOf(c)
	if e == nil && p != v2 {
		e = mismatch(tokenVersion, "ver '2.0'", c.found("ver"), "Tokens of Microsoft Entra External ID have ver '2.0', found: "+c.found("ver")+".", versionHint)
	}
	if e != nil {
		return ch, e
	}
	tid, _ := c.guid("tid")
	if ch.src = i.sources[tid]; ch.src == nil && !uncontrolled("tenant") {
		return ch, foreignTenant(i, c)
	}
	ch.tenant = tid
	return ch, nil
}

// choosePolicy takes the keys of the policy that a B2C token names. There are
// keys of configured policies only, whatever the token says.
func (i *issuer) choosePolicy(ch choice, c claims) (choice, *acsauth.Error) {
	ch.tenant = strings.ToLower(i.TenantIDs[0])
	if tid, ok := c.guid("tid"); c.has("tid") && (!ok || tid != ch.tenant) {
		return ch, foreignTenant(i, c)
	}
	name, policy := c.policy()
	if ch.src = i.sources[policy]; ch.src == nil {
		return ch, mismatch(tokenIssuer, "a policy of this API", c.found(name), "The token is of a B2C policy that this API does not accept: "+c.found(name)+".",
			"Sign in with a user flow of this API: MSAL authority "+i.AuthorityHost+"/<tenant>/<policy>. Operator: the list of policies of this server.")
	}
	return ch, nil
}

// policy returns the B2C policy of a token in lower case, and the claim that names it.
func (c claims) policy() (claim, policy string) {
	claim = "tfp"
	if !c.has(claim) {
		claim = "acr"
	}
	s, _ := c.str(claim)
	return claim, lower(s)
}

// byPolicy keeps the B2C issuers that accept the token's policy, if there are any: two may share a tenant.
func byPolicy(list []*issuer, c claims) []*issuer {
	_, policy := c.policy()
	var kept []*issuer
	for _, i := range list {
		if i.Kind == B2C && i.sources[policy] != nil {
			kept = append(kept, i)
		}
	}
	if kept == nil {
		return list
	}
	return kept
}

// chooseEntra goes by tenant first and by issuer then. Of two registrations in one tenant the audience decides.
func (v *Verifier) chooseEntra(list []*issuer, c claims) (choice, *acsauth.Error) {
	p, e := profileOf(c)
	ch := choice{iss: byAudience(list, c), p: p}
	if e != nil {
		return ch, e
	}
	tid, _ := c.guid("tid")
	var known []*issuer // of this tenant
	for _, i := range list {
		if i.sourceOf(tid) != nil {
			known = append(known, i)
		}
	}
	if known == nil {
		return ch, foreignTenant(ch.iss, c)
	}
	ch.tenant = tid
	iss, _ := c.str("iss")
	var here, maybe []*issuer
	for _, i := range known {
		switch want := i.sourceOf(tid).issuerFor(p, tid); {
		case want == iss || uncontrolled("issuer"):
			here = append(here, i)
		case want == "": // a v1 issuer that only the metadata knows, which was not loaded yet
			maybe = append(maybe, i)
		}
	}
	if here == nil {
		here = maybe
	}
	if here == nil {
		ch.iss = byAudience(known, c)
		return ch, ch.foreignIssuer(c)
	}
	ch.iss = byAudience(here, c)
	ch.src = ch.iss.sourceOf(tid)
	return ch, nil
}

// sourceOf returns the keys for a tenant of an Entra issuer, or nil if its users may not call.
func (i *issuer) sourceOf(tid string) *source {
	if s := i.sources[tid]; s != nil && tid != "" {
		return s
	}
	if i.AnyTenant && tid != "" && tid != consumerTenant {
		return i.sources[""]
	}
	if uncontrolled("tenant") && len(i.TenantIDs) > 0 {
		return i.sources[strings.ToLower(i.TenantIDs[0])] // always the same one
	}
	return nil
}

// issuerFor returns the issuer of a profile for a tenant, or "" if only the metadata can tell and it was never loaded.
func (t *source) issuerFor(p profile, tenant string) string {
	if uncontrolled("tenant") {
		return strings.ReplaceAll(t.issuer(p), t.id, tenant)
	}
	return strings.ReplaceAll(t.issuer(p), allTenants, tenant)
}

// foreignTenant names no tenant of this server: whoever asks has proved nothing yet.
func foreignTenant(i *issuer, c claims) *acsauth.Error {
	const detail = "The tenant of the token may not use this API: "
	if tid, _ := c.guid("tid"); tid == consumerTenant {
		return mismatch(tokenTenant, "a work or school account", "a personal Microsoft account", detail+c.found("tid")+", the tenant of personal Microsoft accounts.",
			"Sign in with a work or school account: MSAL authority "+i.AuthorityHost+"/<tenant id>, not common or consumers.")
	}
	return mismatch(tokenTenant, "a tenant of this API", c.found("tid"), detail+c.found("tid")+".",
		"Sign in at a tenant of this API: MSAL authority "+i.AuthorityHost+"/<tenant id>, not common. Operator: the list of tenants of this server.")
}

// foreignIssuer is for a token whose tenant is known and whose iss does not belong to it.
func (ch choice) foreignIssuer(c claims) *acsauth.Error {
	iss, _ := c.str("iss")
	s := ch.iss.sourceOf(ch.tenant)
	want := s.issuerFor(ch.p, ch.tenant)
	if iss != "" && iss == s.issuerFor(ch.p.other(), ch.tenant) {
		return mismatch(tokenVersion, "iss "+show(want), c.found("iss"), "The token has ver '"+ch.p.String()+"' and the issuer of the other version: "+c.found("iss")+".", versionHint)
	}
	hint := "Sign in at the authority of this API: MSAL authority " + ch.iss.AuthorityHost + "/" + ch.tenant + "."
	if strings.HasSuffix(iss, "/"+ch.tenant+"/v2.0") {
		hint += " The token is of another cloud or host."
	}
	return mismatch(tokenIssuer, "iss "+show(want), c.found("iss"), "Expected iss "+show(want)+", found: "+c.found("iss")+".", hint)
}
