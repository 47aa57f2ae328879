package acsidentity

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	maxRetries      = 2                      // three tries in all
	firstRetryDelay = 250 * time.Millisecond // azcore adds jitter and grows it
	maxRetryDelay   = 5 * time.Second        // a longer Retry-After is the caller's to wait for
	maxRetryAfter   = time.Hour              // what Error.RetryAfter is cut to
	createTimeout   = 30 * time.Second       // long: a create given up on may cost an identity
)

// settleRetry bounds the retry options. They do not hold for CreateIdentity.
func settleRetry(o policy.RetryOptions, tryTimeout time.Duration, now func() time.Time) policy.RetryOptions {
	if o.MaxRetries == 0 || o.MaxRetries > maxRetries {
		o.MaxRetries = maxRetries
	}
	o.TryTimeout = max(cmp.Or(tryTimeout, o.TryTimeout, defaultTryTimeout), 0)
	o.RetryDelay = max(cmp.Or(o.RetryDelay, firstRetryDelay), 1) // azcore takes a delay of 0 for an overflow and waits longest
	if o.MaxRetryDelay <= 0 {
		o.MaxRetryDelay = maxRetryDelay
	}
	if o.StatusCodes == nil {
		o.StatusCodes = []int{http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	}
	o.ShouldRetry = retryWhen(o, now)
	return o
}

// retryWhen returns the predicate of the retry policy. The policy itself reads
// Retry-After, too, but overflows on large numbers; so the cap is checked here.
func retryWhen(o policy.RetryOptions, now func() time.Time) func(*http.Response, error) bool {
	return func(resp *http.Response, err error) bool {
		if err == nil {
			wait := RetryAfter(resp.Header, now())
			if wait > o.MaxRetryDelay || !callOf(resp.Request).outlasts(now().Add(wait)) {
				return false
			}
		}
		switch {
		case o.ShouldRetry != nil:
			return o.ShouldRetry(resp, err)
		case err != nil:
			_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
			return !untrusted
		default:
			return slices.Contains(o.StatusCodes, resp.StatusCode)
		}
	}
}

// RetryAfter returns how long the service asks to wait: 0, for not at all or not
// known, to 1 h. The headers are tried in the order of azcore.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	for _, header := range [...]struct {
		name string
		unit time.Duration
	}{{"Retry-After-Ms", time.Millisecond}, {"X-Ms-Retry-After-Ms", time.Millisecond}, {"Retry-After", time.Second}} {
		v := strings.TrimSpace(h.Get(header.name))
		d := parseDelay(v, header.unit)
		if d == 0 && header.unit == time.Second {
			d = untilDate(v, now)
		}
		if d > 0 {
			return d
		}
	}
	return 0
}

// parseDelay reads a plain number of units; anything else is 0.
func parseDelay(v string, unit time.Duration) time.Duration {
	if v == "" || strings.Trim(v, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n > uint64(maxRetryAfter/unit) {
		return maxRetryAfter
	}
	return time.Duration(n) * unit
}

func untilDate(v string, now time.Time) time.Duration {
	t, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(now), 0), maxRetryAfter)
}
