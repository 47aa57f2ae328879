package tables

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// A fault is an error answer of the service. It holds nothing of the request
// and no text of the answer.
type fault struct {
	status  int
	code    string // of the service, such as EntityAlreadyExists
	request string // x-ms-request-id, for a support case
}

func (f *fault) Error() string {
	code := f.code
	if code == "" {
		code = "no code"
	}
	return fmt.Sprintf("the table service answered %d %s (request %q)", f.status, code, f.request)
}

// plain turns an error of the client into one without addresses and bodies.
// Errors of a context stay in its chain.
func plain(err error) error {
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		f := &fault{status: r.StatusCode, code: letters(r.ErrorCode)}
		if r.RawResponse != nil {
			f.request = shortID(r.RawResponse.Header.Get("x-ms-request-id"))
		}
		return f
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// letters keeps a code, and nothing that is none.
func letters(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool { return r > 'z' || !unicode.IsLetter(r) }) {
		return ""
	}
	return code
}

func shortID(s string) string { return s[:min(len(s), 64)] }

func isFault(err error, status int, code string) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.status == status && (code == "" || f.code == code)
}

// absent: there is no such entity. A missing table is something else: taken for
// absent rows, it would give every user a new identity.
func absent(err error) bool { return isFault(err, http.StatusNotFound, "ResourceNotFound") }

// exists: an insert found the key taken.
func exists(err error) bool { return isFault(err, http.StatusConflict, "EntityAlreadyExists") }

// changed: the ETag did not match.
func changed(err error) bool { return isFault(err, http.StatusPreconditionFailed, "") }

// refused: the write surely had no effect, because the entity is not as it was read.
func refused(err error) bool { return absent(err) || exists(err) || changed(err) }

// noToken reports whether err is of a credential of the Azure SDK.
func noToken(err error) bool {
	type credentialError interface {
		error
		NonRetriable()
	}
	_, ok := errors.AsType[credentialError](err)
	return ok
}

// explain says what to do about an error at the opening.
func explain(err error, o Options) error {
	f, ok := errors.AsType[*fault](err)
	switch {
	case errors.Is(err, errForeign):
		return err
	case !ok && noToken(err):
		return fmt.Errorf("the credential gives no token: %w", err)
	case !ok && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the table service does not answer: %w", err)
	case !ok:
		return fmt.Errorf("the table service cannot be reached: check the endpoint and the network: %w", err)
	case f.code == "KeyBasedAuthenticationNotPermitted":
		return fmt.Errorf("the account accepts no keys: use a credential: %w", err)
	case f.status == http.StatusForbidden && o.Credential == nil:
		return fmt.Errorf("the account name and key are not accepted: check both, the clock of this machine, and the firewall of the account: %w", err)
	case f.status == http.StatusForbidden || f.status == http.StatusUnauthorized:
		return fmt.Errorf("access is refused: the identity needs the role Storage Table Data Contributor, and the firewall of the account must let this machine in: %w", err)
	}
	return err
}
