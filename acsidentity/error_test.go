package acsidentity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/acs-solutions/acsauth"
)

// The rows are recorded answers of the service, by operation.
func TestErrorAnswers(t *testing.T) {
	minutes := `ExpiresInMinutes value 59 is invalid. Value must be within the [60, 1440] interval.`
	for _, c := range []struct {
		op     int
		status int
		body   string
		want   Error
	}{
		{1, 400, `{"error":{"code":"ValidationError","message":"` + minutes + `","target":"ExpiresInMinutes"}}`,
			Error{Code: CodeValidationError, Message: minutes, Target: "ExpiresInMinutes"}},
		{0, 400, `{"error":{"code":"ValidationError","message":"` + minutes + `","target":"ExpiresInMinutes","details":[{"code":"x","message":"y"}],"innererror":{"code":"z"}}}`,
			Error{Code: CodeValidationError, Message: minutes, Target: "ExpiresInMinutes"}},
		{4, 400, `{"error":{"code":"ValidationError","message":"Provided AppId has invalid format.","target":"appId"}}`,
			Error{Code: CodeValidationError, Message: "Provided AppId has invalid format.", Target: "appId"}},
		{4, 400, `{"error":{"code":"ValidationError","message":"Provided UserId has invalid format.","target":"userId"}}`,
			Error{Code: CodeValidationError, Message: "Provided UserId has invalid format.", Target: "userId"}},
		{0, 400, `{"error":{"code":"UnsupportedApiVersion","message":"The HTTP resource that matches the request URI 'http://10.0.0.1/identities' does not support the API version '1'."}}`,
			Error{Code: CodeUnsupportedAPIVersion, Message: "The HTTP resource that matches the request URI 'http://10.0.0.1/identities' does not support the API version '1'."}},
		{0, 400, `{"error":{"code":"ApiVersionUnspecified","message":"An API version is required, but was not specified."}}`,
			Error{Code: CodeAPIVersionUnspecified, Message: "An API version is required, but was not specified."}},
		{0, 401, `{"error":{"code":"Denied","message":"Denied by the resource provider."}}`,
			Error{Code: CodeDenied, Message: "Denied by the resource provider."}},
		{1, 401, `{"error":{"code":"IdentityNotOwned","message":"Provided identity doesn't belong to the resource."}}`,
			Error{Code: CodeIdentityNotOwned, Message: "Provided identity doesn't belong to the resource."}},
		{2, 401, `{"error":{"code":"IdentityNotOwned","message":"Provided identity doesn't belong to the resource."}}`,
			Error{Code: CodeIdentityNotOwned, Message: "Provided identity doesn't belong to the resource."}},
		{3, 401, `{"error":{"code":"IdentityNotOwned","message":"Provided identity doesn't belong to the resource."}}`,
			Error{Code: CodeIdentityNotOwned, Message: "Provided identity doesn't belong to the resource."}},
		{4, 401, `{"error":{"code":"InvalidAccessToken","message":"Provided access token is not valid."}}`,
			Error{Code: CodeInvalidAccessToken, Message: "Provided access token is not valid."}},
		{0, 403, `{"error":{"code":"Forbidden","message":"authorized, but insufficient permissions"}}`,
			Error{Code: "Forbidden", Message: "authorized, but insufficient permissions"}},
		{0, 404, ``, Error{}},
		{0, 422, `<html>no</html>`, Error{}},
		{0, 500, `{"error":"boom"}`, Error{}},
		{0, 500, `{"error":{"code":17,"message":"m"}}`, Error{Message: "m"}},
		{0, 429, `{"error":{"code":"TooManyRequests","message":"Too many requests"}}`, Error{Code: CodeTooManyRequests, Message: "Too many requests"}},
	} {
		op := operations()[c.op]
		want := c.want
		want.Op, want.StatusCode, want.Sent, want.CV = op.name, c.status, true, "cv.0"
		e := asError(t, op.call(t.Context(), keyClient(t, testHost, with(always(c.status, c.body, "MS-CV", "cv.0")))))
		if d := cmp.Diff(want, *e, cmpopts.IgnoreFields(Error{}, "RequestID"), cmpopts.IgnoreUnexported(Error{})); d != "" || len(e.RequestID) != 36 {
			t.Errorf("%s %d %s (-want +got):\n%s request id %q", op.name, c.status, c.body, d, e.RequestID)
		}
	}
}

func TestErrorCodeOfTheHeader(t *testing.T) {
	e := asError(t, operations()[0].call(t.Context(), keyClient(t, testHost, with(always(403, "", "X-Ms-Error-Code", "FromHeader")))))
	if e.Code != "FromHeader" {
		t.Errorf("code = %q", e.Code)
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("dial tcp 127.0.0.1:1: connect: connection refused")
	for _, c := range []struct {
		e    Error
		want string
	}{
		{Error{Op: "CreateIdentity", Err: cause}, "acsidentity: CreateIdentity: not sent: dial tcp 127.0.0.1:1: connect: connection refused"},
		{Error{Op: "CreateIdentity", Sent: true, Err: errNetwork, RequestID: "r"}, "acsidentity: CreateIdentity: no answer: read tcp: connection reset by peer (request id r)"},
		{Error{Op: "IssueToken", Sent: true, StatusCode: 429, Code: "TooManyRequests", Message: "slow", RetryAfter: 30 * time.Second, RequestID: "r"},
			"acsidentity: IssueToken: 429 TooManyRequests: slow (retry after 30s; request id r)"},
		{Error{Op: "IssueToken", StatusCode: 401, Code: "Denied", Skew: -6 * time.Minute}, "acsidentity: IssueToken: 401 Denied (the local clock is behind the service's by 6m0s)"},
		{Error{Op: "IssueToken", StatusCode: 401, Code: "Denied", Skew: 6 * time.Minute}, "acsidentity: IssueToken: 401 Denied (the local clock is ahead of the service's by 6m0s)"},
		{Error{Op: "IssueToken", StatusCode: 502}, "acsidentity: IssueToken: 502"},
		{Error{Op: "IssueToken", Code: CodeValidationError, Err: errNoScopes}, "acsidentity: IssueToken: not sent ValidationError: no scopes were given"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("text = %q\n want %q", got, c.want)
		}
	}
}

func TestErrorIsAResponseErrorToo(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", &Error{StatusCode: 401, Code: CodeDenied})
	if r, ok := errors.AsType[*azcore.ResponseError](err); !ok || r.StatusCode != 401 || r.ErrorCode != CodeDenied || r.Error() == "" {
		t.Errorf("response error = %+v, %v", r, ok)
	}
	for _, status := range []int{0, 200} {
		if _, ok := errors.AsType[*azcore.ResponseError](&Error{StatusCode: status}); ok {
			t.Errorf("status %d became a response error", status)
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](&Error{StatusCode: 401}); ok {
		t.Error("became another error")
	}
}

func TestClockSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied, other := `{"error":{"code":"Denied","message":"m"}}`, `{"error":{"code":"IdentityNotOwned","message":"m"}}`
		for _, c := range []struct {
			status      int
			body        string
			ahead, want time.Duration
		}{
			{401, denied, 6 * time.Minute, 6 * time.Minute},
			{401, denied, -10 * time.Minute, -10 * time.Minute},
			{401, denied, 2 * time.Minute, 0},
			{401, denied, 121 * time.Second, 121 * time.Second},
			{401, other, time.Hour, 0},
			{400, denied, time.Hour, 0},
		} {
			date := time.Now().Add(-c.ahead).UTC().Format(http.TimeFormat)
			e := asError(t, operations()[0].call(t.Context(), keyClient(t, testHost, with(always(c.status, c.body, "Date", date)))))
			if e.Skew != c.want || strings.Contains(e.Error(), "clock") != (c.want != 0) {
				t.Errorf("%+v: skew %v; %v", c, e.Skew, e)
			}
		}
		e := asError(t, operations()[0].call(t.Context(), keyClient(t, testHost, with(always(401, denied, "Date", "yesterday")))))
		if e.Skew != 0 {
			t.Errorf("skew of junk = %v", e.Skew)
		}
	})
}

func TestArgumentsAreCheckedBeforeSending(t *testing.T) {
	ctx := t.Context()
	s := play(always(500, ""))
	c := keyClient(t, testHost, with(s))
	issue := func(d time.Duration, list ...acsauth.Scope) error {
		_, err := c.IssueToken(ctx, testID, list, &IssueTokenOptions{ExpiresIn: d})
		return err
	}
	create := func(o CreateIdentityOptions) error { _, err := c.CreateIdentity(ctx, &o); return err }
	exchange := func(u TeamsUser) error { _, err := c.ExchangeTeamsToken(ctx, u, nil); return err }
	_, badIssue := c.IssueToken(ctx, "8:orgid:x", scopes("chat"), nil)
	_, badRevoke := c.RevokeTokens(ctx, "", nil)
	_, badDelete := c.DeleteIdentity(ctx, "8:acs:a_b/../c", nil)
	for i, err := range []error{
		issue(59*time.Minute+59*time.Second, "chat"), issue(1441*time.Minute, "chat"), issue(-time.Hour, "chat"), issue(time.Second, "chat"),
		issue(0), issue(0, "chat", "Bad Scope"),
		create(CreateIdentityOptions{ExpiresIn: 59 * time.Minute}), create(CreateIdentityOptions{Scopes: scopes("")}),
		create(CreateIdentityOptions{Scopes: make([]acsauth.Scope, 17)}),
		badIssue, badRevoke, badDelete,
		exchange(TeamsUser{"", testClient, testObject}), exchange(TeamsUser{"a b", testClient, testObject}),
		exchange(TeamsUser{strings.Repeat("a", maxTokenLen+1), testClient, testObject}),
		exchange(TeamsUser{"a", "x", testObject}), exchange(TeamsUser{"a", testClient, testObject + "0"}),
	} {
		if e := asError(t, err); e.Sent || e.StatusCode != 0 || e.Code != CodeValidationError || e.Err == nil {
			t.Errorf("case %d: %+v", i, e)
		}
	}
	if s.tries != 0 {
		t.Errorf("%d requests were sent", s.tries)
	}
	for _, d := range []time.Duration{0, 60 * time.Minute, 1440*time.Minute + 59*time.Second} {
		if _, err := checkExpiresIn(d); err != nil {
			t.Errorf("%v: %v", d, err)
		}
	}
}

// A complete answer counts even if the context ends at the same moment.
func TestAnswerBeatsContext(t *testing.T) {
	for _, status := range []int{201, 429} {
		ctx, cancel := context.WithCancel(t.Context())
		c := keyClient(t, testHost, with(transportFunc(func(*http.Request) (*http.Response, error) {
			cancel()
			return respond(status, createdBody), nil
		})))
		r, err := c.CreateIdentity(ctx, nil)
		if status == 201 && (err != nil || r.Identity != testID) {
			t.Errorf("201: %+v, %v", r, err)
		}
		if status == 429 && (asError(t, err).StatusCode != 429 || !errors.Is(err, context.Canceled)) {
			t.Errorf("429: %v", err)
		}
	}
}
