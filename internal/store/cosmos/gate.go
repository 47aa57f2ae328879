package cosmos

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	// maxAnswer is the most read of one answer, in bytes. A page of the service has at most 4 MiB.
	maxAnswer = 16 << 20
	// oneTry bounds one request.
	oneTry = 10 * time.Second
)

// A gate lets requests of the SDK through to the service. It sees each account
// description that the SDK asks for, every few minutes, and stops everything while the
// account is one that does not keep our promises.
type gate struct {
	next         policy.Transporter
	life         context.Context
	allowSession bool
	account      atomic.Pointer[account] // never nil
}

// A wireError is a request without an answer. It hides its cause from the SDK,
// which would wait and send some requests again by itself.
type wireError struct {
	text   string
	unsent bool // it was not sent
}

func (e *wireError) Error() string { return e.text }

// Do implements [policy.Transporter].
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	about := req.URL.Path == "" || req.URL.Path == "/"
	if !about {
		if err := g.account.Load().refuses(req); err != nil {
			return nil, &wireError{"not sent: " + err.Error(), true}
		}
	}
	resp, body, err := g.exchange(req)
	if ended := req.Context().Err(); err != nil && ended != nil {
		return nil, ended
	}
	if err != nil {
		return nil, &wireError{text: "no answer: " + err.Error()}
	}
	if about && resp.StatusCode == http.StatusOK {
		a := readAccount(body, g.allowSession)
		g.account.Store(a)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// exchange sends a request and reads the whole answer, within bounds.
func (g *gate) exchange(req *http.Request) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), oneTry, fmt.Errorf("the service did not answer within %v", oneTry))
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	resp, err := g.next.Do(req.WithContext(ctx))
	if err != nil {
		return nil, nil, withoutAddress(ctx, err)
	}
	if resp == nil || resp.Body == nil {
		return nil, nil, errors.New("the transport gave neither an answer nor an error")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, nil, withoutAddress(ctx, err)
	}
	return resp, body, nil
}

// withoutAddress drops the URL, and tells why a context ended.
func withoutAddress(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// newTransport returns a client of its own, so that closing it closes its connections only.
func newTransport() (client *http.Client, idle func()) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           128,
		MaxIdleConnsPerHost:    128,
		MaxConnsPerHost:        256,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, t.CloseIdleConnections
}
