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

// discover gets the discovery document of a profile and checks its issuer.
func (t *source) discover(ctx context.Context, p profile) (metadata, error) {
	doc, err := t.fetch.get(ctx, t.metadata[p])
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

func (t *source) checkIssuer(p profile, issuer string) error {
	if known := t.issuer(p); known != "" {
		if issuer != known {
			return errors.New("issuer is not the expected one")
		}
		return nil
	}
	return t.checkOwnIssuer(issuer)
}

// checkOwnIssuer decides on a v1 issuer that only the metadata knows: one fixed
// string, a URL with the tenant as one segment of its path.
func (t *source) checkOwnIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	plain := strings.Replace(issuer, allTenants, "", 1) // there only if t.id is that, as the count below sees to
	fixed := err == nil && len(issuer) <= 256 && u.Host != "" && u.User == nil && !strings.ContainsAny(plain, "{}?# ") &&
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
