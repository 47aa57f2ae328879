package entra

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/google/uuid"
)

const (
	op         = "entra.Token"
	maxAnswer  = 256 << 10 // of an answer, in bytes
	tryLimit   = 9 * time.Second
	retryPause = 150 * time.Millisecond
)

// flight names the slot for singleflight: a hash over its parts, each preceded by its length.
func (s slot) flight() string {
	h := sha256.New()
	for _, part := range [...]string{s.tenant, s.user.Issuer, s.user.Subject, s.scopes, string(s.assertion[:])} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash never fails to write
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// request asks for a token, once more if the first answer was a passing fault:
// a token is no effect that a repeat could double.
func (c *Client) request(ctx context.Context, s slot, form url.Values) (Token, error) {
	if left := c.held(); left > 0 {
		return Token{}, throttled(left, errors.New("still within the Retry-After of an earlier answer"))
	}
	t, err := c.try(ctx, s, form)
	if e, ok := errors.AsType[*acsauth.Error](err); ok && (e.Kind == acsauth.Unavailable || e.Kind == acsauth.Timeout) {
		timer := time.NewTimer(retryPause + rand.N(retryPause))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return Token{}, err
		}
		return c.try(ctx, s, form)
	}
	return t, err
}

func (c *Client) held() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Until(c.hold)
}

// try sends one request.
func (c *Client) try(ctx context.Context, s slot, form url.Values) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	endpoint := c.host + "/" + s.tenant + "/oauth2/v2.0/token"
	body := maps.Clone(form)
	body.Set("client_id", c.id)
	if err := (*c.proof.Load())(ctx, endpoint, body); err != nil {
		return Token{}, &acsauth.Error{Kind: acsauth.Unavailable, Code: codeUnavailable, Op: op, Err: err, RetryAfter: time.Second,
			Detail: "This server cannot prove its own identity to Microsoft Entra ID now.",
			Hint:   "Operator: check the managed identity or the federated token file; the cause is in the log."}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body.Encode()))
	if err != nil {
		return Token{}, &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: op, Err: errors.New("the request cannot be built")}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "acsauth")
	req.Header.Set("client-request-id", uuid.NewString())
	sent := time.Now() // lifetimes count from here, so that a slow answer does not stretch them
	resp, err := c.http.Do(req)
	if err != nil {
		return Token{}, unreachable(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Token{}, unreachable(err)
	}
	if len(text) > maxAnswer {
		return Token{}, strange(fmt.Errorf("an answer of more than %d bytes", maxAnswer))
	}
	if resp.StatusCode == http.StatusOK {
		return readToken(text, s, sent)
	}
	refused := refusal(resp.StatusCode, resp.Header, text, time.Now())
	if refused.Kind == acsauth.Throttled {
		c.mu.Lock()
		c.hold = time.Now().Add(refused.RetryAfter)
		c.mu.Unlock()
	}
	return Token{}, refused
}
