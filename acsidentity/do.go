package acsidentity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

const headerRequestID = "X-Ms-Client-Request-Id"

// A request is one operation, checked and ready to be sent.
type request struct {
	op      string
	method  string
	path    string // percent-encoded
	body    any    // nil: none
	want    int    // the one status that means success
	once    bool   // must not be sent twice
	secrets []string
}

// do sends r and hands the body of a good answer to decode, which may be nil.
// A 2xx of another number than wanted is decoded, too, for what can be saved of it.
func (c *Client) do(ctx context.Context, r request, decode func([]byte) error) (requestID string, err error) {
	ctx, end := runtime.StartSpan(ctx, "Client."+r.op, c.azure.Tracer(), nil)
	defer func() { end(err) }()
	k := &call{once: r.once, secrets: r.secrets}
	a, err := c.roundTrip(ctx, r, k)
	switch {
	case a == nil:
		return k.requestID, k.failed(r.op, err)
	case a.status < 200 || a.status > 299:
		return k.requestID, k.refused(r.op, a, err, c.now())
	}
	err = a.bodyErr
	if decode != nil {
		err = cmp.Or(err, decode(a.body))
	}
	if a.status != r.want {
		err = fmt.Errorf("the status should be %d", r.want)
	}
	if err != nil {
		return k.requestID, k.notUnderstood(r.op, a, err)
	}
	return k.requestID, nil
}

// roundTrip returns the answer to r. If there is both an answer and an error, the
// answer is what the service said last, and the error is why no further try was made.
func (c *Client) roundTrip(ctx context.Context, r request, k *call) (*answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	k.deadline, _ = ctx.Deadline()
	req, err := c.newRequest(k.attach(ctx), r)
	if err != nil {
		return nil, err
	}
	resp, err := c.azure.Pipeline().Do(req)
	k.requestID = printable(cmp.Or(k.requestID, req.Raw().Header.Get(headerRequestID)), maxHeaderLen)
	if err != nil {
		return k.last, err // the retry policy drops a complete answer if the context ends at that moment
	}
	return k.received(resp), nil
}

// received returns the answer in resp, which a policy of the caller's may have made.
func (k *call) received(resp *http.Response) *answer {
	body, err := runtime.Payload(resp)
	a := &answer{status: resp.StatusCode, header: resp.Header, body: body, bodyErr: err}
	if k.last != nil && k.last.status == a.status {
		a.bodyErr = cmp.Or(err, k.last.bodyErr)
	}
	return a
}

func (c *Client) newRequest(ctx context.Context, r request) (*policy.Request, error) {
	if r.once {
		// azcore's retry policy has no method filter: it would repeat a create.
		ctx = policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1, TryTimeout: createTimeout})
	}
	req, err := runtime.NewRequest(ctx, r.method, c.url(r.path))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", withoutURL(err))
	}
	req.Raw().Header.Set("Accept", "application/json")
	if r.body == nil {
		return req, nil
	}
	body, err := json.Marshal(r.body)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return req, req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json")
}
