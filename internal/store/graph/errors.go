package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/entra"
)

const op = "graph.Store"

var errClosed = errors.New("graph: store is closed")

// shape is for a write that the contract of this store does not have. It changes nothing.
func shape(verb, what string) error {
	return fmt.Errorf("graph: %s: %s is not a write of this store", verb, what)
}

func tampered(why error) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "mapping_tampered", Op: op, Err: why,
		Detail: "The identity mapping of this user was changed by somebody else than this server.",
		Hint:   "Operator: the log has the reason. Find out who wrote the extension of the user in Microsoft Graph, then delete the extension; the user gets a new identity."}
}

func unsigned(why error) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "mapping_unsigned", Op: op, Err: why,
		Detail: "The identity mapping of this user was not written by this server.",
		Hint:   "Operator: to take over the mappings of a public sample, let the store adopt them; read what that allows first. Otherwise delete the extension."}
}

func absent() error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "user_absent", Op: op, RetryAfter: time.Minute,
		Detail: "Microsoft Graph can be reached on behalf of the user only, and the call carries no token of the user.",
		Hint:   "Operator: this goes on when the user comes back. In application mode it would not wait."}
}

func unsupportedUser() error {
	return &acsauth.Error{Kind: acsauth.Rejected, Code: "graph_user_unsupported", Op: op,
		Detail: "The mapping cannot be kept in Microsoft Graph, because this is no user of Microsoft Entra ID.",
		Hint:   "Operator: use another store for users of other issuers."}
}

func extensionLimit(err error) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "graph_extension_limit", Op: op, Err: err,
		Detail: "This server's application already has two open extensions on this user, and Microsoft Graph allows no more.",
		Hint:   "Operator: delete an extension of this application from the user, or use an application of its own for this server."}
}

func unavailable(err error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "graph_unavailable", Op: op, Err: err, RetryAfter: time.Second,
		Detail: "Microsoft Graph cannot be reached or cannot serve now.", Hint: "Repeat the call."}
}

// A refusal is an answer of Graph that is not 2xx.
type refusal struct {
	status    int
	code      string // of the error, if it is a plain word
	maximum   bool   // the text speaks of the limit of extensions
	duplicate bool   // the text speaks of an extension that exists
	claims    string // JSON of a challenge
	after     time.Duration
}

// Error describes r for the log, without any text of the upstream.
func (r *refusal) Error() string { return fmt.Sprintf("Graph answered %d, code %q", r.status, r.code) }

var codeForm = regexp.MustCompile(`^[A-Za-z_-]{1,64}$`)

// readRefusal reads an error answer. The message decides nothing alone.
func readRefusal(status int, h http.Header, text []byte) *refusal {
	var body struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(text, &body) // another form leaves it empty
	r := &refusal{status: status, claims: claimsOf(h), after: retryAfter(h, time.Now())}
	if codeForm.MatchString(body.Error.Code) {
		r.code = body.Error.Code
	}
	message := strings.ToLower(body.Error.Message)
	r.maximum = strings.Contains(message, "maximum number of extensions")
	r.duplicate = strings.Contains(message, "already exists")
	return r
}

var claimsParam = regexp.MustCompile(`(?i)\bclaims="([A-Za-z0-9+/=_-]+)"`)

// claimsOf returns the claims of a challenge as JSON, or "".
func claimsOf(h http.Header) string {
	for _, challenge := range h.Values("WWW-Authenticate") {
		if !strings.Contains(challenge, "insufficient_claims") {
			continue
		}
		if m := claimsParam.FindStringSubmatch(challenge); m != nil {
			plain := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(m[1])
			if text, err := base64.RawStdEncoding.DecodeString(plain); err == nil {
				return entra.ClaimsJSON(string(text))
			}
		}
	}
	return ""
}

// public translates a refusal that has no meaning of its own for the operation.
func (r *refusal) public() error {
	switch {
	case r.claims != "":
		return entra.StepUp(r.claims, r)
	case r.status == http.StatusTooManyRequests:
		return &acsauth.Error{Kind: acsauth.Throttled, Code: "graph_throttled", Op: op, Err: r, RetryAfter: max(r.after, time.Second),
			Detail: "Microsoft Graph limits the rate of requests.", Hint: "Repeat after the time in Retry-After."}
	case r.status >= 500 || r.status/100 == 3:
		e := unavailable(r)
		e.RetryAfter = max(r.after, time.Second)
		return e
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return &acsauth.Error{Kind: acsauth.Rejected, Code: "graph_denied", Op: op, Err: r,
			Detail: "Microsoft Graph refuses this server.",
			Hint:   "Operator: grant the application User.ReadWrite (delegated mode) or User.ReadWrite.All (application mode) of Microsoft Graph, with consent of an administrator."}
	case r.status == http.StatusNotFound:
		return &acsauth.Error{Kind: acsauth.Unavailable, Code: "graph_user_missing", Op: op, Err: r, RetryAfter: 5 * time.Second,
			Detail: "Microsoft Graph does not know this user, or not yet.",
			Hint:   "A new user takes a while to arrive everywhere: repeat the call. If it stays, the user was deleted."}
	}
	return &acsauth.Error{Kind: acsauth.Rejected, Code: "graph_rejected", Op: op, Err: r,
		Detail: "Microsoft Graph refuses a request of this server.",
		Hint:   "Operator: the code of Graph is in the log under the request id."}
}

// failed translates the error of a request that got no answer. An end of the caller's own ctx stays what it is.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("graph: %w", ctx.Err())
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the address names the user
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &acsauth.Error{Kind: acsauth.Timeout, Code: "graph_timeout", Op: op, Err: errors.New("no answer in time"), RetryAfter: time.Second,
			Detail: "Microsoft Graph did not answer in time.", Hint: "Repeat the call."}
	}
	return unavailable(fmt.Errorf("no answer: %w", err))
}
