package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

const newcomers = 10 // users of table h

// A call is what a client asks the service for.
type call struct{ method, path, body string }

// A step is a call that every newcomer makes, with what it is named and its status.
type step struct {
	name string
	call
	status int
}

// steps are in an order in which each finds what its name says.
func steps() []step {
	user, token, refresh := call{"POST", "/getUser", ""}, call{"POST", "/getToken", body}, call{"POST", "/refreshToken", body}
	exchange, revoke, remove := call{"POST", "/exchangeToken", ""}, call{"POST", "/revokeTokens", ""}, call{"DELETE", "/api/user", ""}
	return []step{
		{"getUser, first", user, 201},
		{"getUser, again", user, 200},
		{"getToken, first of a known user", token, 200},
		{"getToken, again", token, 200},
		{"refreshToken", refresh, 200},
		{"exchangeToken", exchange, 200},
		{"exchangeToken, again", exchange, 200},
		{"revokeTokens", revoke, 204},
		{"getToken, after it", token, 200},
		{"DELETE user", remove, 204},
		{"getToken, first of a new user", token, 200},
	}
}

// upstream counts the calls that the service makes for each of a client: table h.
func (b *bench) upstream(ctx context.Context, out io.Writer) error {
	tokens, err := b.signIn(ctx, "new", newcomers)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n### h. Upstream calls for each request of a client\n\n| operation | calls | which | to Entra ID or Graph |\n|---|---|---|---|\n")
	for _, s := range steps() {
		before, err := b.ledger(ctx)
		if err != nil {
			return err
		}
		for i, token := range tokens {
			teams, err := b.emulator.Token(ctx, fmt.Sprintf("new%d", i+1), true)
			if err != nil {
				return err
			}
			res, _, err := b.ask(ctx, s.call, token, teams)
			if err != nil {
				return err
			}
			if res.StatusCode != s.status {
				return fmt.Errorf("%s: %s", s.name, res.Status)
			}
		}
		after, err := b.ledger(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %s |\n", s.name, counted(after[len(before):]))
	}
	return nil
}

// An entry is a request that the emulator answered.
type entry struct{ Service, Operation string }

// ledger is all that the emulator answered. It keeps a thousand, which table h does not reach.
func (b *bench) ledger(ctx context.Context) (all []entry, err error) {
	err = b.emulator.Call(ctx, "GET", "/requests", "", &all)
	if err == nil && len(all) >= 1000 {
		err = errors.New("the emulator forgot requests")
	}
	return all, err
}

// counted are the calls for each request of a client: all, by operation, and those that are not to ACS.
func counted(all []entry) string {
	by, other := map[string]int{}, 0
	var names []string
	for _, e := range all {
		if e.Service != "acs" {
			other++
		}
		if by[e.Operation]++; by[e.Operation] == 1 {
			names = append(names, e.Operation)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.2f", name, float64(by[name])/newcomers)
	}
	return fmt.Sprintf("%.2f | %s | %d", float64(len(all))/newcomers, strings.Join(names, ", "), other)
}

// ask makes a call that is not measured.
func (b *bench) ask(ctx context.Context, c call, token, teams string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, "http://"+b.service.host+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if teams != "" && strings.HasPrefix(c.path, "/exchange") {
		req.Header.Set("teams-user-aad-token", teams)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return res, string(text), err
}
