package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// maxToken is the longest page token of Graph that fits into a cursor, in bytes.
const maxToken = 4000

const cursorPrefix = "graph:"

// Users returns a lister of the mappings of one tenant, Options.Issuer, for
// moving them to another store. It has Active and Deleting rows of users; it
// does not list Pending rows, and leaves out extensions that are refused, with
// an alarm each. It works in application mode only: false otherwise.
//
// It reads GET /users with $expand=extensions. Microsoft documents that form
// for one user; for the whole collection it is not documented.
func (s *Store) Users() (acsauth.Lister, bool) {
	if s.o.Mode != Application || s.o.Issuer == "" {
		return nil, false
	}
	return users{s}, true
}

type users struct{ s *Store }

// List implements [acsauth.Lister].
func (u users) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	s := u.s
	if err := s.ready(ctx); err != nil {
		return nil, "", err
	}
	token, ok := strings.CutPrefix(cursor, cursorPrefix)
	if limit < 1 || limit > 1000 || cursor != "" && (!ok || token == "" || len(token) > maxToken) {
		return nil, "", errors.New("graph: list: the limit is not 1 to 1000, or the cursor is not one of this list")
	}
	tenant, err := tenantOf(s.o.Issuer)
	if err != nil {
		return nil, "", err
	}
	query := url.Values{"$select": {"id"}, "$expand": {"extensions"}, "$top": {strconv.Itoa(min(limit, 999))}}
	if token != "" {
		query.Set("$skiptoken", token)
	}
	text, err := s.do(ctx, request{method: http.MethodGet, path: "/users?" + query.Encode(), authorize: s.asApp(tenant)})
	if r, ok := errors.AsType[*refusal](err); ok {
		return nil, "", r.public()
	}
	if err != nil {
		return nil, "", err
	}
	var page struct {
		Next  string `json:"@odata.nextLink"`
		Value []struct {
			ID         string                       `json:"id"`
			Extensions []map[string]json.RawMessage `json:"extensions"`
		} `json:"value"`
	}
	if err := json.Unmarshal(text, &page); err != nil || len(page.Value) > 1000 {
		return nil, "", unavailable(errors.New("an answer that is not the JSON of a page of users"))
	}
	for _, one := range page.Value {
		row, err := s.listed(ctx, acsauth.UserKey{Issuer: s.o.Issuer, Subject: strings.ToLower(one.ID)}, one.Extensions)
		if err != nil {
			return nil, "", err
		}
		if row.State != "" {
			rows = append(rows, row)
		}
	}
	next, err = s.cursor(page.Next)
	return rows, next, err
}

// listed returns the row of a user of a page, or the zero Mapping.
func (s *Store) listed(ctx context.Context, key acsauth.UserKey, extensions []map[string]json.RawMessage) (acsauth.Mapping, error) {
	e := s.find(key, extensions)
	if e == nil {
		return acsauth.Mapping{}, nil
	}
	intent, err := s.intent(ctx, key)
	if err != nil || intent.State == acsauth.Deleting {
		return intent, err
	}
	if removed, err := s.removed(ctx, key, acsauth.Identity(e.identity)); err != nil || removed {
		return acsauth.Mapping{}, err
	}
	row, err := s.active(key, e)
	if err != nil {
		return acsauth.Mapping{}, nil // the alarm was given
	}
	return row, nil
}

// cursor keeps the page token of a link, and nothing else of it.
func (s *Store) cursor(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", unavailable(errors.New("a link to the next page that cannot be read"))
	}
	token := u.Query().Get("$skiptoken")
	if token == "" || len(token) > maxToken {
		return "", unavailable(fmt.Errorf("a link to the next page without a token of 1 to %d bytes", maxToken))
	}
	return cursorPrefix + token, nil
}
