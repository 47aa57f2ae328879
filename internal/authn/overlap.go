package authn

import (
	"fmt"
	"strings"
)

// overlaps names every pair of issuers that could accept the same token. Then
// the order of a list would decide on the rights of a caller, so it is a fault.
func overlaps(list []Issuer) (errs []error) {
	names := make(map[string]bool)
	for n, i := range list {
		if names[strings.ToLower(i.Name)] {
			errs = append(errs, fmt.Errorf("authn: issuer %s: the name is given twice", show(i.Name)))
		}
		names[strings.ToLower(i.Name)] = true
		for _, other := range list[:n] {
			if i.meets(other) {
				errs = append(errs, fmt.Errorf("authn: issuers %s and %s would accept the same tokens: they share issuer, tenant or policy, and audience", show(other.Name), show(i.Name)))
			}
		}
	}
	return errs
}

func (i Issuer) meets(other Issuer) bool {
	switch {
	case i.Kind == Entra && other.Kind == Entra:
		sameTenant := i.AnyTenant || other.AnyTenant || share(guidSet(i.TenantIDs), guidSet(other.TenantIDs))
		return i.AuthorityHost == other.AuthorityHost && sameTenant && i.sharesAudience(other)
	case i.Kind == Entra:
		return i.writes(other.issuerOf())
	case other.Kind == Entra:
		return other.writes(i.issuerOf())
	case i.issuerOf() != other.issuerOf():
		return false
	case i.Kind == B2C && other.Kind == B2C:
		return share(guidSet(i.Policies), guidSet(other.Policies)) && i.sharesAudience(other)
	case i.Kind == ExternalID && other.Kind == ExternalID:
		return i.sharesAudience(other)
	}
	return true // a token of an OIDC issuer may have both audiences at once
}

func (i Issuer) sharesAudience(other Issuer) bool {
	a, b := audienceSet(i.Audiences), audienceSet(other.Audiences)
	for s := range a {
		if _, ok := b[s]; ok {
			return true
		}
	}
	return false
}

// writes reports whether iss may be in tokens of an Entra issuer. The v1 issuers
// of other clouds are known from their metadata only, so any host of that kind counts.
func (i Issuer) writes(iss string) bool {
	own := strings.HasPrefix(iss, i.AuthorityHost+"/") || strings.HasPrefix(iss, "https://sts.")
	if !own || i.AnyTenant {
		return own
	}
	for id := range guidSet(i.TenantIDs) {
		if strings.Contains(iss, "/"+id+"/") {
			return true
		}
	}
	return false
}

func share(a, b map[string]bool) bool {
	for s := range a {
		if b[s] {
			return true
		}
	}
	return false
}
