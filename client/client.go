package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Request is what a [Source] is asked for.
type Request struct {
	// Teams asks for the user's token with Teams.ManageCalls and Teams.ManageChats of ACS, and not for one for acsauth.
	Teams bool
	// Claims is a claims challenge, JSON as text, to be met by the token. Empty: none.
	Claims string
	// ForceRefresh says that the token that came last was of no use.
	ForceRefresh bool
}

// A Source returns access tokens of Microsoft Entra ID for the user, as MSAL or azidentity give them. The text of its errors
// becomes part of that of an [Error].
type Source func(context.Context, Request) (string, error)

// Options of a Client. The zero value is good.
type Options struct {
	// HTTP makes the requests. Nil: a client of its own. Without a Timeout each try has 10 seconds. Redirects are never followed.
	HTTP *http.Client
	// Scopes are the ACS scopes wanted. Empty: all that the server gives.
	Scopes []string
	// Lifetime of the tokens, whole minutes from 60 to 1440. 0: that of the server.
	Lifetime time.Duration
	// Now is the clock by which tokens end. Nil: time.Now. For tests and emulators.
	Now func() time.Time
}

// A Client makes calls for one user.
type Client struct {
	base   string
	source Source
	http   *http.Client
	wish   []byte // body of a request for a token, or nil
	now    func() time.Time
	user   refresher
	teams  refresher
}

// New returns a client of the acsauth server at endpoint: https, or http on this machine. It makes no request.
func New(endpoint string, source Source, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, errors.New("acsauth: the endpoint must be an https URL, or http on this machine, without user, query and fragment")
	}
	if source == nil {
		return nil, errors.New("acsauth: the source of access tokens is nil")
	}
	if m := o.Lifetime; m != 0 && (m < time.Hour || m > 24*time.Hour || m%time.Minute != 0) {
		return nil, errors.New("acsauth: Options.Lifetime must be whole minutes from 60 to 1440, or 0")
	}
	c := &Client{base: strings.TrimRight(u.String(), "/"), source: source, now: o.Now, http: new(http.Client)}
	if o.HTTP != nil {
		*c.http = *o.HTTP
	}
	c.http.Timeout = cmp.Or(c.http.Timeout, tryTimeout)
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if c.now == nil {
		c.now = time.Now
	}
	if len(o.Scopes) > 0 || o.Lifetime > 0 {
		wish := struct {
			Scopes  []string `json:"scopes,omitempty"`
			Minutes int64    `json:"expiresInMinutes,omitempty"`
		}{o.Scopes, int64(o.Lifetime / time.Minute)}
		if c.wish, err = json.Marshal(wish); err != nil {
			return nil, err
		}
	}
	c.user, c.teams = newRefresher(c, "communicationUser"), newRefresher(c, "teamsUser")
	return c, nil
}

// Format names the server only. Without it fmt would print the tokens in hand: it calls no methods of fields that are not exported.
func (c *Client) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "Client("+c.base+")") }

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// User returns the user's ACS identity, which is made if there is none.
func (c *Client) User(ctx context.Context) (User, error) {
	b, status, err := c.retried(ctx, call{op: "User", method: http.MethodPost, path: "/getUser"})
	if err != nil {
		return User{}, err
	}
	var u User
	if err := json.Unmarshal(b, &u); err != nil || u.ID == "" || u.RawID == "" {
		return User{}, notAcsauth("User", status)
	}
	return u, nil
}

// Token returns a token for the user's ACS identity: the one in hand while it is good.
func (c *Client) Token(ctx context.Context) (Token, error) { return c.user.get(ctx) }

// Refresh returns a token that is newer than the call. The token in hand is forgotten first, also if the refresh fails.
func (c *Client) Refresh(ctx context.Context) (Token, error) {
	c.user.forget()
	return c.user.get(ctx)
}

// TeamsToken returns a token for the user as a Teams user: the one in hand while it is good.
func (c *Client) TeamsToken(ctx context.Context) (Token, error) { return c.teams.get(ctx) }

// Revoke ends all tokens of the user's ACS identity. ACS may take up to 15 minutes to spread it.
func (c *Client) Revoke(ctx context.Context) error {
	_, status, err := c.retried(ctx, call{op: "Revoke", method: http.MethodPost, path: "/revokeTokens"})
	if err != nil {
		return err
	}
	if status != http.StatusNoContent {
		return notAcsauth("Revoke", status)
	}
	c.user.forget()
	return nil
}

// Delete deletes the user's ACS identity and all that ACS keeps for it. done is false if ACS cannot do it now: the server goes on.
func (c *Client) Delete(ctx context.Context) (done bool, err error) {
	_, status, err := c.retried(ctx, call{op: "Delete", method: http.MethodDelete, path: "/api/user"})
	if err != nil {
		return false, err
	}
	if status != http.StatusNoContent && status != http.StatusAccepted {
		return false, notAcsauth("Delete", status)
	}
	c.user.forget()
	return status == http.StatusNoContent, nil
}

// Export returns all that the server holds about the user, as JSON.
func (c *Client) Export(ctx context.Context) (json.RawMessage, error) {
	b, status, err := c.retried(ctx, call{op: "Export", method: http.MethodGet, path: "/api/user/export"})
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK || !json.Valid(b) {
		return nil, notAcsauth("Export", status)
	}
	return b, nil
}

// A call is one request to the server.
type call struct {
	op, method, path string
	body             []byte // JSON, or nil
	teams            bool   // carries the Teams token, too
	forceRefresh     bool
	once             bool // not repeated: a token is in hand
}

const (
	tries      = 4
	tryTimeout = 10 * time.Second
	maxWait    = time.Minute // a longer Retry-After is not waited for
)

// retried makes a call, and repeats it where that may help. Every route of acsauth may be repeated.
func (c *Client) retried(ctx context.Context, k call) ([]byte, int, error) {
	for n := 1; ; n++ {
		b, status, err := c.do(ctx, k)
		e, ok := errors.AsType[*Error](err)
		if !ok || ctx.Err() != nil || k.once || n == tries || !e.mayPass() || e.RetryAfter > maxWait {
			return b, status, err
		}
		if wait(ctx, cmp.Or(e.RetryAfter, rand.N(min(8*time.Second, 500*time.Millisecond<<(n-1))))) != nil {
			return nil, 0, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do makes a call once, and once more with a better access token if the server wants one.
func (c *Client) do(ctx context.Context, k call) ([]byte, int, error) {
	b, status, err := c.send(ctx, k, Request{ForceRefresh: k.forceRefresh})
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusUnauthorized {
		return b, status, err
	}
	return c.send(ctx, k, Request{Claims: e.claims, ForceRefresh: e.claims == ""})
}

func (c *Client) send(ctx context.Context, k call, ask Request) ([]byte, int, error) {
	r, err := http.NewRequestWithContext(ctx, k.method, c.base+k.path, bytes.NewReader(k.body))
	if err != nil {
		return nil, 0, err
	}
	if err := c.sign(ctx, r, k, ask); err != nil {
		return nil, 0, err
	}
	if k.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, 0, &Error{Op: k.op, Code: "network", Detail: "The server could not be reached.", Err: err}
	}
	defer res.Body.Close()
	b, err := readAnswer(k.op, res, c.now())
	return b, res.StatusCode, err
}

// sign adds the access tokens.
func (c *Client) sign(ctx context.Context, r *http.Request, k call, ask Request) error {
	token, err := c.ask(ctx, k.op, ask)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if !k.teams {
		return nil
	}
	ask.Teams = true
	if token, err = c.ask(ctx, k.op, ask); err == nil {
		r.Header.Set("teams-user-aad-token", token)
	}
	return err
}

func (c *Client) ask(ctx context.Context, op string, ask Request) (string, error) {
	token, err := c.source(ctx, ask)
	if err == nil && !isToken(token) {
		err = errors.New("the source returned no access token")
	}
	if err != nil {
		return "", &Error{Op: op, Code: "access_token", Detail: "There is no access token of the user.", Err: err}
	}
	return token, nil
}
