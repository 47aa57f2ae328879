package authn

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
)

// publicAuthority is the authority whose v1 issuer has another host, a fixed one.
const (
	publicAuthority = "https://login.microsoftonline.com"
	publicSTS       = "https://sts.windows.net/"
)

// allTenants stands for the tenant in issuers of metadata and keys that are good for all of a cloud.
const allTenants = "{tenantid}"

// consumerTenant is the tenant of personal Microsoft accounts.
const consumerTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// A Verifier checks the tokens of its issuers. It is safe for concurrent use.
type Verifier struct {
	opt     Options
	issuers []*issuer
	exact   map[string][]*issuer // ExternalID, B2C and OIDC, by iss
	sources []*source
	cache   *cache
}

// New returns a Verifier, or an error that names every fault of the options. It makes no request.
func New(opt Options) (*Verifier, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	v := &Verifier{opt: opt, exact: make(map[string][]*issuer)}
	var err error
	if v.cache, err = newCache(opt.CacheSize); err != nil {
		return nil, err
	}
	transport, shared := opt.transport(), make(map[string]*source)
	for _, i := range opt.Issuers {
		r := newIssuer(i)
		v.issuers = append(v.issuers, r)
		for key, s := range sourcesOf(i) {
			same := strings.Join(slices.Concat(s.metadata[:], s.fixed[:], i.origins()), " ") // two registrations in one tenant have the same keys
			if shared[same] == nil {
				s.opt, s.fetch = opt, newFetcher(transport, i.origins()...)
				shared[same] = s
				v.sources = append(v.sources, s)
			}
			r.sources[key] = shared[same]
		}
		if i.Kind != Entra {
			v.exact[i.issuerOf()] = append(v.exact[i.issuerOf()], r)
		}
	}
	return v, nil
}

// Run loads the signing keys at once and keeps them fresh until ctx ends.
func (v *Verifier) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range v.sources {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
	v.cache.close()
}

// Ready returns nil when the keys of every issuer are loaded and not too old. If
// those of one could not be loaded for two minutes, they are not waited for any
// more while others are there: one issuer that is down must not stop the users of the rest.
func (v *Verifier) Ready() error {
	var waiting, lost error
	usable, now := 0, time.Now()
	for _, s := range v.sources {
		hopeless, err := s.ready(now)
		switch {
		case err == nil:
			usable++
		case hopeless:
			lost = err
		default:
			waiting = err
		}
	}
	if usable == 0 && waiting == nil {
		waiting = lost
	}
	if waiting == nil {
		return nil
	}
	e := noKeys(waiting, firstRetry)
	e.Op = "authn.Ready"
	return e
}

// A KeySet is what is known of the signing keys of one issuer, or of one tenant or policy of it.
type KeySet struct {
	Of     string        // id of the tenant, {tenantid} for all of a cloud, else the name of the issuer
	Age    time.Duration // since they were loaded
	Loaded bool          // false: never
}

// KeySets returns one KeySet for each place that signing keys come from.
func (v *Verifier) KeySets() []KeySet {
	now, out := time.Now(), make([]KeySet, len(v.sources))
	for n, s := range v.sources {
		out[n].Of = s.id
		out[n].Age, out[n].Loaded = s.age(now)
	}
	return out
}

// Verify returns the caller behind an access token, delegated or app-only. The
// caller is the zero value if there is an error, which is always an
// *acsauth.Error of one of the codes in the package comment.
//
// It makes requests only to load keys, and waits for one load at most.
func (v *Verifier) Verify(ctx context.Context, token string) (acsauth.Caller, error) {
	now := v.opt.Now()
	hash, ok := v.cache.hash(token)
	if ok {
		if caller, ok := v.recall(hash, now); ok {
			return caller, nil
		}
	}
	k := &check{v: v, token: token, now: now}
	for n := range tokenSteps {
		if e := tokenSteps[n].do(ctx, k); e != nil {
			e.Op = "authn.Verify"
			if e.Hint == "" {
				e.Hint = k.hints().scopeHint
			}
			return acsauth.Caller{}, e
		}
	}
	if ok {
		return v.remember(hash, k), nil
	}
	return k.caller, nil
}
