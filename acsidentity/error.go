package acsidentity

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// The codes of the service that mean something to a program. The list of the
// service is open, and CodeTooManyRequests is a convention: compare StatusCode with 429.
const (
	CodeDenied                = "Denied"                // 401: wrong key, role, endpoint or clock
	CodeIdentityNotOwned      = "IdentityNotOwned"      // 401: the identity is another resource's, malformed or gone
	CodeInvalidAccessToken    = "InvalidAccessToken"    // 401: the Teams user's token is not accepted
	CodeValidationError       = "ValidationError"       // 400, or before sending with StatusCode 0
	CodeUnsupportedAPIVersion = "UnsupportedApiVersion" // 400
	CodeAPIVersionUnspecified = "ApiVersionUnspecified" // 400
	CodeTooManyRequests       = "TooManyRequests"       // 429
)

// An Error is a failed operation. Its text never holds a token, a key or a body.
//
// [errors.As] also finds an [azcore.ResponseError] in one that the service
// answered with a status of 300 or above, without the raw response.
type Error struct {
	// Op is the name of the method.
	Op string
	// StatusCode is the status of the last answer. 0: there was none.
	StatusCode int
	// Code is error.code of the service, or "". Before sending it is [CodeValidationError].
	Code string
	// Message is error.message of the service, at most 200 bytes, without control
	// characters and with all that might be a secret cut out.
	Message string
	// Target is error.target of the service: the member that is wrong.
	Target string
	// RetryAfter is how long the service asks to wait, up to 1 h. 0: it does not say.
	RetryAfter time.Duration
	// Sent is false only if the request surely never left: no connection was ever
	// handed to it, in any try.
	Sent bool
	// Skew is by how much the local clock is ahead of the service's. It is set for a
	// 401 Denied, and only if it is over two minutes either way: the service refuses
	// signatures whose date is too far off.
	Skew time.Duration
	// RequestID is the x-ms-client-request-id that was sent, for the support of the service.
	RequestID string
	// CV is the MS-CV of the answer, for the support of the service.
	CV string
	// Answer is the start of the body of a 2xx that could not be understood: at most
	// 4 KiB, with tokens and long strings cut out. A well-formed identity stays.
	Answer []byte
	// Err is the cause, if it is not the service's answer alone.
	Err error

	cause string // text of Err without the secrets of the call
}

// Error describes e for the log.
func (e *Error) Error() string {
	parts := []string{"acsidentity", e.Op}
	switch {
	case e.StatusCode != 0:
		parts = append(parts, strings.TrimSpace(strconv.Itoa(e.StatusCode)+" "+e.Code))
	case e.Sent:
		parts = append(parts, "no answer")
	default:
		parts = append(parts, strings.TrimSpace("not sent "+e.Code))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Err != nil {
		parts = append(parts, cmp.Or(e.cause, clean(e.Err.Error(), maxCauseLen, nil)))
	}
	return strings.Join(parts, ": ") + e.remarks()
}

func (e *Error) remarks() string {
	var s []string
	if e.Skew > 0 {
		s = append(s, "the local clock is ahead of the service's by "+e.Skew.String())
	}
	if e.Skew < 0 {
		s = append(s, "the local clock is behind the service's by "+(-e.Skew).String())
	}
	if e.RetryAfter > 0 {
		s = append(s, "retry after "+e.RetryAfter.String())
	}
	if e.RequestID != "" {
		s = append(s, "request id "+e.RequestID)
	}
	if len(s) == 0 {
		return ""
	}
	return " (" + strings.Join(s, "; ") + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As gives generic code of the Azure SDK its [azcore.ResponseError].
func (e *Error) As(target any) bool {
	p, ok := target.(**azcore.ResponseError)
	if !ok || e.StatusCode < http.StatusMultipleChoices {
		return false
	}
	*p = &azcore.ResponseError{ErrorCode: e.Code, StatusCode: e.StatusCode}
	return true
}

// failed returns the error of a call without an answer.
func (k *call) failed(op string, err error) *Error {
	return &Error{Op: op, Sent: k.sent, RequestID: k.requestID, Err: err, cause: clean(err.Error(), maxCauseLen, k.secrets)}
}

// notUnderstood returns the error of a 2xx that is not what was asked for.
func (k *call) notUnderstood(op string, a *answer, err error) *Error {
	e := k.failed(op, err)
	e.StatusCode, e.Sent = a.status, true
	e.CV = printable(a.header.Get("MS-CV"), maxHeaderLen)
	e.Answer = redact(a.body, k.secrets)
	return e
}

const maxSkew = 2 * time.Minute

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// refused returns the error of an answer that is none of success. Err says why
// there was no further try, and may be nil.
func (k *call) refused(op string, a *answer, err error, now time.Time) *Error {
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
			Target  string `json:"target"`
		} `json:"error"`
	}
	_ = json.Unmarshal(a.body, &body) // a proxy may answer with anything; the status is enough
	e := &Error{
		Op: op, StatusCode: a.status, Sent: true, RequestID: k.requestID, Err: err,
		Code:       code(cmp.Or(body.Error.Code, a.header.Get("X-Ms-Error-Code")), k.secrets),
		Message:    clean(body.Error.Message, maxMessageLen, k.secrets),
		Target:     code(body.Error.Target, k.secrets),
		RetryAfter: RetryAfter(a.header, now),
		CV:         printable(a.header.Get("MS-CV"), maxHeaderLen),
	}
	if err != nil {
		e.cause = clean(err.Error(), maxCauseLen, k.secrets)
	}
	if a.status == http.StatusUnauthorized && e.Code == CodeDenied {
		e.Skew = skew(a.header, now)
	}
	return e
}

// skew is by how much the local clock is ahead of the service's, if that is over two minutes either way, else 0.
func skew(h http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	if d := now.Sub(date).Truncate(time.Second); d.Abs() > maxSkew {
		return d
	}
	return 0
}

// code returns s if it is a plain word and no secret, or "".
func code(s string, secrets []string) string {
	if !codeForm.MatchString(s) || clean(s, len(s), secrets) != s {
		return ""
	}
	return s
}
