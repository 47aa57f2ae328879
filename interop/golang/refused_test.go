package golang

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
)

// entraError is the body of a refusal as an application reads it from the SDK's error.
type entraError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	Suberror    string `json:"suberror"`
	Claims      string `json:"claims"`
}

func (c *check) readError(resp *http.Response) entraError {
	c.Helper()
	if resp == nil {
		c.Fatal("the error holds no answer")
	}
	text, err := io.ReadAll(resp.Body)
	var body entraError
	if err != nil || json.Unmarshal(text, &body) != nil {
		c.Fatalf("the answer of the error is not JSON: %.200s", text)
	}
	return body
}

// refusal is what Entra is expected to refuse with.
type refusal struct {
	status int
	oauth  string
	code   int // AADSTS
}

func (c *check) compare(want refusal, status int, body entraError) {
	c.Helper()
	if status != want.status || body.Error != want.oauth || !slices.Contains(body.Codes, want.code) {
		c.Errorf("refused with %d %s %v, want %+v", status, body.Error, body.Codes, want)
	}
}

// refusedAzure asserts the error type of azidentity, and what its answer says.
func (c *check) refusedAzure(err error, want refusal) entraError {
	c.Helper()
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok {
		c.Fatalf("error %T %v, want an AuthenticationFailedError", err, err)
	}
	body := c.readError(failed.RawResponse)
	c.compare(want, failed.RawResponse.StatusCode, body)
	return body
}

// refusedMSAL asserts the error type of MSAL, and what its answer says.
func (c *check) refusedMSAL(err error, want refusal) entraError {
	c.Helper()
	failed, ok := errors.AsType[msalerrors.CallErr](err)
	if !ok {
		c.Fatalf("error %T %v, want a CallErr", err, err)
	}
	if !strings.Contains(err.Error(), "AADSTS") {
		c.Errorf("the error does not show the code: %v", err)
	}
	body := c.readError(failed.Resp)
	c.compare(want, failed.Resp.StatusCode, body)
	return body
}
