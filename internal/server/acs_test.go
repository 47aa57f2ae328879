package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth/acsidentity"
)

const (
	acsEndpoint = "https://contoso.communication.azure.com"
	acsResource = "50000000-0000-4000-8000-000000000005"
	acsKey      = "Y2FuYXJ5LWFjY2Vzcy1rZXktb2YtdGhlLXRlc3Rz" // canary-access-key-of-the-tests
	acsToken    = "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiJhY3MifQ.Y2FuYXJ5"
)

// A fakeACS is the Identity API in memory. fault, if set, answers instead.
type fakeACS struct {
	made  atomic.Int64
	fault atomic.Pointer[func(*http.Request) (*http.Response, error)]
}

func (a *fakeACS) fail(f func(*http.Request) (*http.Response, error)) { a.fault.Store(&f) }

// failWith makes every call fail with an error of ACS.
func (a *fakeACS) failWith(status int, code string) {
	a.fail(func(r *http.Request) (*http.Response, error) {
		return reply(r, status, map[string]any{"error": map[string]string{"code": code, "message": "inside-upstream-text"}}), nil
	})
}

func (a *fakeACS) serve(r *http.Request) (*http.Response, error) {
	if f := a.fault.Load(); f != nil {
		return (*f)(r)
	}
	issued := map[string]any{"token": acsToken, "expiresOn": time.Now().Add(time.Hour).Format(time.RFC3339Nano)}
	switch path := r.URL.Path; {
	case r.Method == http.MethodDelete || strings.HasSuffix(path, "/:revokeAccessTokens"):
		return reply(r, http.StatusNoContent, nil), nil
	case path == "/identities":
		id := fmt.Sprintf("8:acs:%s_00000005-14a2-493b-8a72-%012d", acsResource, a.made.Add(1))
		return reply(r, http.StatusCreated, map[string]any{"identity": map[string]string{"id": id}}), nil
	case path == "/teamsUser/:exchangeAccessToken" || strings.HasSuffix(path, "/:issueAccessToken"):
		return reply(r, http.StatusOK, issued), nil
	}
	return reply(r, http.StatusNotFound, map[string]any{}), nil
}

func reply(r *http.Request, status int, body any) *http.Response {
	var b []byte
	if body != nil {
		b, _ = json.Marshal(body) // maps of strings always encode
	}
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b))}
}

func newACS(t testing.TB, do roundTripper) *acsidentity.Client {
	t.Helper()
	key, err := acsidentity.NewKeyCredential(acsKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := acsidentity.NewClientWithKey(acsEndpoint, key,
		&acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: do}, TryTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
