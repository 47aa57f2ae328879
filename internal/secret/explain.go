package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// explain says in one line what went wrong. Of what the vault says only its codes are looked at.
func explain(ctx context.Context, err error, raw *http.Response) error {
	if f, ok := errors.AsType[*final](err); ok {
		return f
	}
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok && raw != nil && r.StatusCode == raw.StatusCode {
		return refusal(r.StatusCode, r.ErrorCode, innerCode(raw))
	}
	switch {
	case raw != nil && raw.StatusCode == http.StatusOK:
		return errors.New("the vault gave an answer that cannot be read")
	case strings.Contains(err.Error(), "doesn't match the requested domain"):
		return errors.New("the vault asks for a token for another service, so it got none")
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return errors.New("the vault did not answer in time")
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return unreachable(u)
	}
	return errors.New("no token for the vault: " + firstLine(err.Error()))
}

func unreachable(err *url.Error) error {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("there is no vault of this name")
	}
	return fmt.Errorf("the vault cannot be reached: %w", err.Err)
}

// refusal explains a status. Codes: learn.microsoft.com/azure/key-vault/general/rest-error-codes.
func refusal(status int, code, inner string) error {
	switch {
	case inner == "SecretDisabled":
		return errors.New("the secret is disabled (403)")
	case inner == "ForbiddenByFirewall":
		return errors.New("the network rules of the vault do not let this machine in (403)")
	case inner == "ForbiddenByPolicy" || inner == "AccessDenied":
		return errors.New("the identity may not read secrets of this vault (403): give it the permission Get of an access policy")
	case status == http.StatusForbidden:
		return errors.New("the identity may not read secrets of this vault (403): give it the role Key Vault Secrets User")
	case status == http.StatusUnauthorized:
		return errors.New("the vault does not take the token of the identity (401): look whether both are of one tenant")
	case status == http.StatusNotFound:
		return errors.New("there is no such secret, or no such version of it, in this vault (404)")
	case status == http.StatusTooManyRequests:
		return errors.New("the vault is asked too often (429)")
	}
	return fmt.Errorf("the vault answered with status %d", status)
}

// innerCode returns error.innererror.code, or "".
func innerCode(resp *http.Response) string {
	var body struct {
		Error struct {
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}
	text, err := runtime.Payload(resp)
	if err != nil || json.Unmarshal(text, &body) != nil {
		return ""
	}
	return body.Error.Inner.Code
}

// firstLine cuts an error of the credential, whose further lines show the answers it got.
func firstLine(s string) string {
	const most = 300
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
