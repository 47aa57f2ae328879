package quota

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Policy stands before each try of a call of ACS. The first try of a call that
// [Governor.Admit] let through passes; any other waits for its own turn, or is
// shed. It learns from answers with 429. Nil stands for no policy.
func (g *Governor) Policy() policy.Policy {
	if g == nil {
		return nil
	}
	return toll{g}
}

type toll struct{ g *Governor }

// Do implements [policy.Policy].
func (t toll) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	paid, _ := ctx.Value(paidKey{}).(*payment)
	op := opOf(req.Raw())
	if paid != nil {
		op = paid.op // only the caller knows whether a create asks for a token
	}
	if paid == nil || !paid.used.CompareAndSwap(false, true) {
		if err := t.g.lanes[op].pass(ctx, t.g.maxWait); err != nil {
			return nil, err
		}
	}
	res, err := req.Next()
	if err == nil && res.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // anything else counts as the least
		t.g.lanes[op].throttled(time.Duration(min(max(seconds, 0), 60)) * time.Second)
	}
	return res, err
}

// opOf names the operation of a request.
func opOf(r *http.Request) Op {
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
