package authn

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// metadata is what we need of a discovery document (OpenID Connect Discovery 1.0 section 4.2).
type metadata struct {
	issuer  string
	keysURL string
	cloud   string // cloud_instance_name, or ""
}

// metadata gets the discovery document of a profile and checks its issuer.
func (t *tenant) metadata(ctx context.Context, p profile) (metadata, error) {
	address := t.fetch.origin + "/" + t.id
	if p == v2 {
		address += "/v2.0"
	}
	doc, err := t.fetch.get(ctx, address+"/.well-known/openid-configuration")
	if err != nil {
		return metadata{}, fmt.Errorf("metadata: %w", err)
	}
	var m metadata
	m.issuer, _ = doc.str("issuer")
	m.keysURL, _ = doc.str("jwks_uri")
	m.cloud, _ = doc.str("cloud_instance_name")
	if err := t.checkIssuer(p, m.issuer); err != nil {
		return metadata{}, fmt.Errorf("metadata: %w", err)
	}
	return m, nil
}

func (t *tenant) checkIssuer(p profile, issuer string) error {
	if known := t.issuer(p); known != "" {
		if issuer != known {
			return errors.New("issuer is not the one of the tenant")
		}
		return nil
	}
	return t.checkOwnIssuer(issuer)
}

// checkOwnIssuer decides on a v1 issuer that only the metadata knows: one fixed
// string, a URL with the tenant as one segment of its path.
func (t *tenant) checkOwnIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	fixed := err == nil && len(issuer) <= 256 && u.Host != "" && u.User == nil && !strings.ContainsAny(issuer, "{}?# ") &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
	if !fixed || issuer == t.issuer(v2) || countSegments(u.Path, t.id) != 1 {
		return errors.New("v1 issuer is not a fixed URL of the tenant")
	}
	return nil
}

func countSegments(path, want string) (n int) {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == want {
			n++
		}
	}
	return n
}
