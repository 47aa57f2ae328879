package authn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	maxDocument       = 1 << 20 // of a document of the authority, in bytes
	maxDocumentValues = 20000
)

// A fetcher gets JSON documents of one authority, and of nobody else.
type fetcher struct {
	client  *http.Client
	origins []string // scheme and host
}

func (o Options) transport() http.RoundTripper {
	t := o.Transport
	if t == nil {
		t = &http.Transport{ // no Proxy: the environment does not decide where keys come from
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    5 * time.Second,
			IdleConnTimeout:        30 * time.Second,
			MaxIdleConns:           4,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	if o.Wrap != nil {
		t = o.Wrap(t)
	}
	return t
}

func newFetcher(transport http.RoundTripper, origins ...string) *fetcher {
	return &fetcher{origins: origins, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get returns the JSON object at address, which must belong to the authority. Redirects are not followed.
func (f *fetcher) get(ctx context.Context, address string) (jsonValue, error) {
	if err := f.own(address); err != nil {
		return jsonValue{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return jsonValue{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "acsauth")
	resp, err := f.client.Do(req)
	if err != nil {
		return jsonValue{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return jsonValue{}, fmt.Errorf("authority answered %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return jsonValue{}, err
	}
	if len(body) > maxDocument {
		return jsonValue{}, errors.New("document is longer than 1 MiB")
	}
	return parseObject(bytes.Trim(body, " \t\r\n"), maxDocumentValues)
}

// own refuses an address whose scheme and host are not exactly those of the authority.
func (f *fetcher) own(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" || !slices.Contains(f.origins, u.Scheme+"://"+u.Host) {
		return errors.New("document address does not belong to the authority")
	}
	return nil
}
