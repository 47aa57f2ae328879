package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// tokenLife lets a token outlive the longest measurement.
const tokenLife = 12 * time.Hour

// Tokens mints one token for each of n users, who are user-1 and so on. It takes about a millisecond for one.
func (p *Program) Tokens(ctx context.Context, n int) ([]string, error) {
	const atOnce = 2 // as many connections as are kept
	tokens := make([]string, n)
	g, ctx := errgroup.WithContext(ctx)
	for first := range atOnce {
		g.Go(func() (err error) {
			for i := first; i < n && err == nil; i += atOnce {
				tokens[i], err = p.Token(ctx, fmt.Sprintf("user-%d", i+1), false)
			}
			return err
		})
	}
	return tokens, g.Wait()
}

// A Client asks the service as many users would, over connections that are kept.
type Client struct{ http http.Client }

// NewClient returns a client with up to conns connections to a service. A request that gets none waits.
func NewClient(conns int) *Client {
	return &Client{http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, DisableCompression: true,
	}}}
}

// An Answer is what a user gets to see.
type Answer struct {
	Status     int
	RetryAfter time.Duration // 0: nothing was said
	Code       string        // of the problem
	Token      string        // of ACS
}

// Ask sends a request without a body. An error means that there was no whole answer.
func (c *Client) Ask(ctx context.Context, method, url, token string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: res.StatusCode}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s <= 3600 {
		a.RetryAfter = time.Duration(s) * time.Second
	}
	var said struct{ Code, Token string }
	if len(body) > 0 {
		err = json.Unmarshal(body, &said)
	}
	a.Code, a.Token = said.Code, said.Token
	return a, err
}

// Serve asks and wants an answer of 2xx.
func (c *Client) Serve(ctx context.Context, method, url, token string) (Answer, error) {
	a, err := c.Ask(ctx, method, url, token)
	if err == nil && a.Status/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", method, url, a.Status, a.Code)
	}
	return a, err
}

// Close gives the connections up.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// CheckRange reports a flag that is out of range.
func CheckRange(name string, v, least, most int) error {
	if v < least || v > most {
		return errors.New("-" + name + " must be " + strconv.Itoa(least) + " to " + strconv.Itoa(most))
	}
	return nil
}
