package acsidentity

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const maxAnswerLen = 64 << 10

var (
	errAnswerTooLong = errors.New("the answer is longer than 64 KiB")
	errNoCall        = errors.New("a policy has replaced the context of the request by another that does not descend from it")
	errNoAnswer      = errors.New("the transport gave neither an answer nor an error")
	errReplay        = errors.New("the HTTP/2 stream was reset, and a create is not repeated")
)

// A call is what one operation remembers across its tries. It travels in the
// context from the client to the courier and is used by one goroutine.
type call struct {
	once      bool // never send twice
	deadline  time.Time
	secrets   []string // what must not appear in a text
	requestID string
	sent      bool // a try may have left
	tries     int
	leave     bool    // the last try had no effect, and one more may be made with another key
	repeated  bool    // that was so once already
	last      *answer // of the last try, nil if it had none
	lastErr   error
}

// An answer is a response with its body read.
type answer struct {
	status  int
	header  http.Header
	body    []byte // all of it, or what could be read
	bodyErr error  // why body is not all of it
}

type callKey struct{}

func (k *call) attach(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, k)
}

// callOf returns the call behind a request, or nil.
func callOf(req *http.Request) *call {
	if req == nil {
		return nil
	}
	k, _ := req.Context().Value(callKey{}).(*call)
	return k
}

// outlasts reports whether the caller still waits at t.
func (k *call) outlasts(t time.Time) bool {
	return k == nil || k.deadline.IsZero() || t.Before(k.deadline)
}

// A courier is the last step before the network. It sits below all policies, so
// that a credential's own requests do not pass it.
type courier struct {
	next policy.Transporter
}

// Do sends one try, notes whether it left, and reads the answer within bounds.
func (c *courier) Do(req *http.Request) (*http.Response, error) {
	k := callOf(req)
	if k == nil {
		return nil, errNoCall // it could not be noted that this try left
	}
	if err := req.Context().Err(); err != nil {
		return nil, err // net/http calls no hook in this case
	}
	if k.once && k.tries > 0 && !k.takeLeave() {
		return k.lastResponse(req)
	}
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	k.begin(req)
	trace := &connTrace{}
	resp, err := c.next.Do(detach(req, body, k.once, trace))
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		k.sent = k.sent || trace.sent()
		k.lastErr = &transportError{withoutURL(err), clean(withoutURL(err).Error(), maxCauseLen, k.secrets)}
		return nil, k.lastErr
	}
	k.sent = true
	k.last = read(resp)
	return k.lastResponse(req)
}

// begin starts a try.
func (k *call) begin(req *http.Request) {
	k.tries++
	k.last, k.lastErr = nil, nil
	k.requestID = req.Header.Get(headerRequestID)
	if _, value, found := strings.Cut(req.Header.Get("Authorization"), " "); found {
		k.secrets = append(k.secrets, value)
	}
}

// lastResponse returns how the last try ended. For a call that is sent once this
// is also the result of any policy's wish to repeat it.
func (k *call) lastResponse(req *http.Request) (*http.Response, error) {
	if k.last == nil {
		return nil, k.lastErr
	}
	return &http.Response{
		Status:     strconv.Itoa(k.last.status) + " " + http.StatusText(k.last.status),
		StatusCode: k.last.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: k.last.header.Clone(), Body: io.NopCloser(bytes.NewReader(k.last.body)),
		ContentLength: int64(len(k.last.body)), Request: req,
	}, nil
}

func read(resp *http.Response) *answer {
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.header == nil {
		a.header = http.Header{}
	}
	if resp.Body == nil {
		return a
	}
	defer resp.Body.Close() //nolint:errcheck // nothing depends on it once the body is read
	a.body, a.bodyErr = io.ReadAll(io.LimitReader(resp.Body, maxAnswerLen+1))
	if len(a.body) > maxAnswerLen {
		a.body, a.bodyErr = a.body[:maxAnswerLen], errAnswerTooLong
	}
	return a
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	return io.ReadAll(req.Body)
}

// detach returns the request as it goes out: traced, and with a body of its own,
// since the HTTP client may still read the body of a try that it gave up on.
func detach(req *http.Request, body []byte, once bool, trace *connTrace) *http.Request {
	out := req.WithContext(httptrace.WithClientTrace(req.Context(), trace.hooks()))
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if len(body) > 0 {
		out.ContentLength = int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) {
			if once && trace.h2() {
				return nil, errReplay // see newTransport
			}
			return io.NopCloser(bytes.NewReader(body)), nil
		}
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	return out
}

// A transportError hides the text of an error: azcore logs it.
type transportError struct {
	err  error
	text string
}

func (e *transportError) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *transportError) Unwrap() error { return e.err }

// withoutURL takes the URL, which holds an identity, out of an error of net/http.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok && e.Err != nil {
		return e.Err
	}
	return err
}
