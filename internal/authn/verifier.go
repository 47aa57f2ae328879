package authn

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// publicAuthority is the authority whose v1 issuer has another host, a fixed one.
const publicAuthority = "https://login.microsoftonline.com"

// A Verifier checks the tokens of one application registration. It is safe for concurrent use.
type Verifier struct {
	opt       Options
	tenants   map[string]*tenant
	audiences map[string]bool // value: is a GUID, so good for v2, too
	clients   map[string]bool // nil: any
	teams     map[string]bool // nil: not configured
	scopeHint string
}

// New returns a Verifier, or an error that names every fault of the options. It makes no request.
func New(opt Options) (*Verifier, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	i := opt.Issuer
	v := &Verifier{opt: opt, tenants: make(map[string]*tenant), audiences: audienceSet(i.Audiences), scopeHint: scopeHint(i.Audiences)}
	if i.AllowedClients[0] != "*" {
		v.clients = guidSet(i.AllowedClients)
	}
	if v.teams = v.clients; len(i.TeamsClients) > 0 {
		v.teams = guidSet(i.TeamsClients)
	}
	fetch := newFetcher(i.AuthorityHost, opt.Transport)
	for id := range guidSet(i.TenantIDs) {
		t := &tenant{id: id, fetch: fetch, opt: opt}
		t.fixed[v2] = i.AuthorityHost + "/" + id + "/v2.0"
		if i.AuthorityHost == publicAuthority {
			t.fixed[v1] = "https://sts.windows.net/" + id + "/"
		}
		v.tenants[id] = t
	}
	return v, nil
}

func guidSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[strings.ToLower(s)] = true
	}
	return set
}

func audienceSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		if id, ok := parseGUID(s); ok {
			set[id] = true
		} else {
			set[s] = false
		}
	}
	return set
}

// scopeHint says which scope a client is to ask for.
func scopeHint(audiences []string) string {
	uri := audiences[0]
	if i := slices.IndexFunc(audiences, func(s string) bool { return strings.Contains(s, ":") }); i >= 0 {
		uri = audiences[i]
	} else if id, ok := parseGUID(uri); ok {
		uri = "api://" + id
	}
	return "Request the scope " + strings.Trim(show(strings.TrimSuffix(uri, "/")), "'") + "/access_as_user in the client (MSAL: scopes)."
}

// Run loads the signing keys at once and keeps them fresh until ctx ends.
func (v *Verifier) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, t := range v.tenants {
		wg.Go(func() { t.run(ctx) })
	}
	wg.Wait()
}

// Ready returns nil when the keys of every tenant are loaded and not too old.
func (v *Verifier) Ready() error {
	for _, t := range v.tenants {
		if err := t.ready(); err != nil {
			e := noKeys(err, firstRetry)
			e.Op = "authn.Ready"
			return e
		}
	}
	return nil
}

// Verify returns the caller behind an access token, delegated or app-only. The
// caller is the zero value if there is an error, which is always an
// *acsauth.Error of one of the codes in the package comment.
//
// It makes requests only to load keys, and waits for one load at most.
func (v *Verifier) Verify(ctx context.Context, token string) (acsauth.Caller, error) {
	caller, e := v.verify(ctx, token)
	if e != nil {
		e.Op = "authn.Verify"
		if e.Hint == "" {
			e.Hint = v.scopeHint
		}
		return acsauth.Caller{}, e
	}
	return caller, nil
}

// verify is the check in its order. See the package comment.
func (v *Verifier) verify(ctx context.Context, token string) (acsauth.Caller, *acsauth.Error) {
	raw, c, kid, e := v.read(token)
	if e != nil {
		return acsauth.Caller{}, e
	}
	t, p, e := v.source(c)
	if e != nil {
		return acsauth.Caller{}, e
	}
	fresh, e := t.ensure(ctx, p)
	if e == nil {
		e = t.checkIssued(c, p) // the load may have told the v1 issuer
	}
	if e != nil {
		return acsauth.Caller{}, e
	}
	key, e := t.find(ctx, keyID{t.id, p, kid}, fresh)
	if e != nil {
		return acsauth.Caller{}, e
	}
	if !verifyRS256(key, raw) {
		return acsauth.Caller{}, refuse(tokenSignature, "The signature of the token is wrong.",
			"Send the token as MSAL returned it. A token that was changed, cut or made up fails here.")
	}
	if e := cmp.Or(checkTimes(c, time.Now(), v.opt.Skew), v.checkAudience(c, p), checkClosed(c, p)); e != nil {
		return acsauth.Caller{}, e
	}
	return v.caller(c, t, p)
}

// read takes a token apart and refuses what no access token of Entra ID for this API can be.
func (v *Verifier) read(token string) (compact, claims, string, *acsauth.Error) {
	raw, e := splitCompact(token)
	if e != nil {
		return compact{}, claims{}, "", e
	}
	h, e := parsePart("header", raw.header, headerNames)
	if e != nil {
		return compact{}, claims{}, "", e
	}
	c, e := parseClaims(raw.payload)
	if e != nil {
		return compact{}, claims{}, "", e
	}
	if e := v.otherKind(c); e != nil { // before the algorithm: such a token may be signed in another way
		return compact{}, claims{}, "", e
	}
	kid, e := checkHeader(h)
	if n := len(raw.signature); e == nil && (n < minSignature || n > maxSignature) {
		e = invalid(fmt.Sprintf("The signature of the token has %d bytes, expected 256 to 512.", n))
	}
	return raw, c, kid, e
}

// source decides which tenant and profile a token claims to be from. Both are
// configured; the claims are proved later, by the key that belongs to them.
func (v *Verifier) source(c claims) (*tenant, profile, *acsauth.Error) {
	p, e := profileOf(c)
	if e != nil {
		return nil, 0, e
	}
	tid, _ := c.guid("tid")
	t := v.tenants[tid]
	if t == nil {
		return nil, 0, refuse(tokenTenant, "The tenant of the token may not use this API: "+c.found("tid")+".",
			"Sign in at a tenant of this API: MSAL authority "+v.opt.Issuer.AuthorityHost+"/<tenant id>, not common. Operator: the list of tenants of this server.")
	}
	return t, p, t.checkIssued(c, p)
}

// checkIssued compares the whole iss claim with the issuer of tenant and profile, if that is known.
func (t *tenant) checkIssued(c claims, p profile) *acsauth.Error {
	iss, _ := c.str("iss")
	want := t.issuer(p)
	switch {
	case iss == want || want == "":
		return nil
	case iss != "" && iss == t.issuer(p.other()):
		return refuse(tokenVersion, "The token has ver '"+p.String()+"' and the issuer of the other version: "+c.found("iss")+".", versionHint)
	}
	return refuse(tokenIssuer, "Expected iss "+show(want)+", found: "+c.found("iss")+".",
		"Sign in at the authority of this API: MSAL authority "+t.opt.Issuer.AuthorityHost+"/"+t.id+".")
}

// verifyRS256 checks the signature with crypto/rsa and not with a JWT library.
// Such a library parses the token once more in its own way, and what it verified
// would not be what was read. So there is one parse, and all claims come from it.
func verifyRS256(key *rsa.PublicKey, raw compact) bool {
	if len(raw.signature) != key.Size() {
		return false
	}
	sum := sha256.Sum256([]byte(raw.signed))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw.signature) == nil
}
