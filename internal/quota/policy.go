package quota

import (
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// Policy stands before each try of a call of ACS. The first try of a call that
// [Governor.Admit] let through passes; any other waits for its own turn, or is
// shed. It learns from answers with 429. Nil stands for no policy.
func (g *Governor) Policy() policy.Policy {
	if g == nil {
		return nil
	}
	return limitPolicy{g}
}

type limitPolicy struct{ g *Governor }

// Do implements [policy.Policy].
func (t limitPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	held, _ := ctx.Value(permitKey{}).(*permit)
	op := OpOf(req.Raw())
	if held != nil {
		op = held.op // only the caller knows whether a create asks for a token
	}
	if held == nil || !held.used.CompareAndSwap(false, true) {
		if err := t.g.lanes[op].pass(ctx, t.g.maxWait); err != nil {
			return nil, err
		}
	}
	res, err := req.Next()
	if err == nil && res.StatusCode == http.StatusTooManyRequests {
		t.g.lanes[op].throttled(acsidentity.RetryAfter(res.Header, time.Now()))
	}
	return res, err
}

// OpOf is the operation of a request to ACS. A create counts as one without a token: only the caller knows.
func OpOf(r *http.Request) Op {
	path := r.URL.Path
	switch {
	case r.Method == http.MethodDelete:
		return Delete
	case strings.HasSuffix(path, "/:issueAccessToken"):
		return Issue
	case strings.HasSuffix(path, "/:revokeAccessTokens"):
		return Revoke
	case strings.HasSuffix(path, ":exchangeAccessToken"):
		return Exchange
	}
	return Create
}
