package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/client"
)

// A Meeting is what this program knows, and acsauth does not.
type Meeting struct {
	Call string // the id of the group call
	Open bool
}

// A Front answers who wants to join a meeting with the call and a token for it. Its own rules come first; who the caller is, and what he may
// have, is for acsauth to say: this program reads nothing in an access token.
type Front struct {
	Acsauth  string // URL of acsauth beside it
	HTTP     *http.Client
	Meetings map[string]Meeting
}

// joined is the answer to who may join.
type joined struct {
	Call      string    `json:"call"`
	User      string    `json:"user"`
	Token     string    `json:"token"`
	ExpiresOn time.Time `json:"expiresOn"`
}

// Handler returns the routes.
func (f *Front) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /meetings/{id}/join", f.join)
	return mux
}

func (f *Front) join(w http.ResponseWriter, r *http.Request) {
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		refuse(w, http.StatusUnauthorized, "no_token", "")
		return
	}
	token, err := f.token(r.Context(), bearer)
	if err != nil {
		f.fail(w, err)
		return
	}
	// Whoever comes here is known to acsauth: only now is told which meetings there are.
	m, ok := f.Meetings[r.PathValue("id")]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "no_such_meeting", "")
	case !m.Open:
		refuse(w, http.StatusForbidden, "meeting_closed", "")
	default:
		send(w, http.StatusOK, joined{m.Call, token.User.ID, token.Token, token.ExpiresOn})
	}
}

// token asks acsauth, as the user, for a token that joins calls and does nothing else.
func (f *Front) token(ctx context.Context, bearer string) (client.Token, error) {
	source := func(context.Context, client.Request) (string, error) { return bearer, nil }
	c, err := client.New(f.Acsauth, source, &client.Options{HTTP: f.HTTP, Scopes: []string{"voip.join"}})
	if err != nil {
		return client.Token{}, err
	}
	return c.Token(ctx)
}

// fail passes on what acsauth said: the code is stable, and the wait is meant for the client.
func (f *Front) fail(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Status < 400 || e.Status >= 500 { // not the user's affair
		log.Print("acsauth: ", err)
		refuse(w, http.StatusBadGateway, "sign_in_unavailable", "")
		return
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	refuse(w, e.Status, e.Code, e.Hint)
}

func refuse(w http.ResponseWriter, status int, code, hint string) {
	send(w, status, struct {
		Code string `json:"code"`
		Hint string `json:"hint,omitempty"`
	}{code, hint})
}

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has left is not an error
}
