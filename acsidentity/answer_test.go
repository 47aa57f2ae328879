package acsidentity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// Secrets that no text may hold, each in a form of its own.
const (
	canaryJWT   = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJza3lwZWlkIjoiY2FuYXJ5In0.Y2FuYXJ5LXNpZ25hdHVyZS1jYW5hcnk"
	canaryShort = "canary-7391"
)

// Each 2xx that is not what was asked for is an error with its status.
func TestAnswersNotUnderstood(t *testing.T) {
	id := `"identity":{"id":"` + string(testID) + `"}`
	long := strings.Repeat("x", maxTokenLen+1)
	token := `{"token":"` + canaryJWT + `","expiresOn":"2030-01-01T00:00:00Z"}`
	for _, c := range []struct {
		op     int
		status int
		body   string
		keep   string // part of Answer
	}{
		{0, 200, createdBody, string(testID)},
		{0, 202, createdBody, string(testID)},
		{0, 204, "", ""},
		{0, 201, "", ""},
		{0, 201, "null", "null"},
		{0, 201, "{" + id, string(testID)},
		{0, 201, `{"identity":{"id":""}}`, "identity"},
		{0, 201, `{"identity":{"id":"8:acs:../x_y"}}`, "8:acs:../x_y"},
		{0, 201, `{"identity":{"id":7}}`, "7"},
		{0, 201, `{` + id + `,"accessToken":{"token":"","expiresOn":"2030-01-01T00:00:00Z"}}`, string(testID)},
		{0, 201, `{` + id + `,"accessToken":{"token":"` + canaryJWT + `","expiresOn":"tomorrow"}}`, "tomorrow"},
		{0, 201, `{` + id + `,"accessToken":"` + canaryShort + `"}`, string(testID)},
		{1, 201, token, "expiresOn"},
		{1, 204, "", ""},
		{1, 200, "", ""},
		{1, 200, `{"token":"` + long + `","expiresOn":"2030-01-01T00:00:00Z"}`, "2030"},
		{1, 200, `{"token":"a b","expiresOn":"2030-01-01T00:00:00Z"}`, "2030"},
		{1, 200, `{"token":"` + canaryShort + `"}`, "token"},
		{1, 200, `{"token":"` + canaryShort + `","expiresOn":1893456000}`, "1893456000"},
		{1, 200, `{"token":{"value":"` + canaryShort + `"},"expiresOn":"2030-01-01T00:00:00Z"}`, "2030"},
		{1, 200, token + "x", "expiresOn"},
		{2, 200, canaryJWT, "[cut]"},
		{2, 202, "", ""},
		{3, 200, "", ""},
		{4, 201, token, "expiresOn"},
		{4, 200, `{"token":"` + canaryShort, "token"},
	} {
		op := operations()[c.op]
		err := op.call(t.Context(), keyClient(t, testHost, with(always(c.status, c.body, "MS-CV", "cv"))))
		e := asError(t, err)
		if e.StatusCode != c.status || !e.Sent || e.Err == nil || e.Op != op.name || e.CV != "cv" {
			t.Errorf("%s %d %.80s: %+v", op.name, c.status, c.body, e)
		}
		if !strings.Contains(string(e.Answer), c.keep) || c.keep == "" && len(e.Answer) != 0 {
			t.Errorf("%s %d %.80s: answer %s", op.name, c.status, c.body, e.Answer)
		}
		checkNoCanary(t, err, string(e.Answer))
	}
}

func checkNoCanary(t *testing.T, err error, more ...string) {
	t.Helper()
	texts := more
	for ; err != nil; err = errors.Unwrap(err) {
		texts = append(texts, err.Error())
	}
	for _, s := range texts {
		if strings.Contains(s, canaryJWT) || strings.Contains(s, canaryShort) || strings.Contains(s, testKey) {
			t.Errorf("a secret in %q", s)
		}
	}
}

// What the answer says about the identity is not lost with the rest.
func TestIdentityOfABrokenAnswerIsKept(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   acsauth.Identity
	}{
		{200, createdBody, testID},
		{201, `{"identity":{"id":"` + string(testID) + `"},"accessToken":{"token":"x","expiresOn":"?"}}`, testID},
		{201, `{"identity":{"id":"nonsense"}}`, ""},
		{503, createdBody, ""},
	} {
		r, err := keyClient(t, testHost, with(always(c.status, c.body))).CreateIdentity(t.Context(), nil)
		if err == nil || r.Identity != c.want || r.AccessToken != nil || r.RequestID == "" {
			t.Errorf("%d %s: %+v, %v", c.status, c.body, r, err)
		}
	}
}

// A half reader gives its text and then fails.
type halfReader struct {
	io.Reader
	err error
}

func (r halfReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func TestUnreadableBody(t *testing.T) {
	cause := errors.New("connection reset")
	for _, op := range operations() {
		for _, status := range []int{200, 201, 204, 503} {
			s := play(func(*http.Request) (*http.Response, error) {
				resp := respond(status, "")
				resp.Body = io.NopCloser(halfReader{strings.NewReader(`{"identity":`), cause})
				return resp, nil
			})
			o := fast()
			o.Transport = s
			e := asError(t, op.call(t.Context(), keyClient(t, testHost, o)))
			if e.StatusCode != status || !e.Sent || status < 300 && s.tries != 1 {
				t.Errorf("%s %d: %d tries; %+v", op.name, status, s.tries, e)
			}
		}
	}
	_, err := keyClient(t, testHost, with(transportFunc(func(*http.Request) (*http.Response, error) {
		resp := respond(201, "")
		resp.Body = io.NopCloser(halfReader{strings.NewReader(createdBody[:20]), cause})
		return resp, nil
	}))).CreateIdentity(t.Context(), nil)
	if !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

// The context ends in the middle of the body: the status is known all the same.
func TestContextEndsInTheBody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, srv := record(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, createdBody)
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	})
	r, err := keyClient(t, srv.URL, nil).CreateIdentity(ctx, nil)
	if e := asError(t, err); e.StatusCode != 0 && (e.StatusCode != 201 || r.Identity != testID && len(e.Answer) > 0) || !e.Sent {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAnswerIsBounded(t *testing.T) {
	limit := strings.Replace(createdBody, "}}", "},\"x\":[", 1)
	limit += strings.Repeat("1,", (maxAnswerLen-len(limit)-3)/2) + "1]}"
	limit += strings.Repeat(" ", maxAnswerLen-len(limit))
	if _, err := keyClient(t, testHost, with(always(201, limit))).CreateIdentity(t.Context(), nil); err != nil {
		t.Errorf("64 KiB: %v", err)
	}
	_, srv := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, limit+" ")
	})
	_, err := keyClient(t, srv.URL, nil).CreateIdentity(t.Context(), nil)
	if e := asError(t, err); !errors.Is(err, errAnswerTooLong) || e.StatusCode != 201 || len(e.Answer) != maxKeptAnswer {
		t.Errorf("64 KiB and 1: %v", err)
	}
	e := asError(t, operations()[0].call(t.Context(), keyClient(t, testHost, with(always(400, `{"error":{"code":"X","message":"`+strings.Repeat("é ", 9000)+`"}}`)))))
	if len(e.Message) == 0 || len(e.Message) > 200 {
		t.Errorf("message of %d bytes", len(e.Message))
	}
}

func TestRedact(t *testing.T) {
	s64 := strings.Repeat("a", 64)
	for in, want := range map[string]string{
		``:                                    ``,
		`{"a":1,"b":[true,null,"c"]}`:         `{"a":1,"b":[true,null,"c"]}`,
		`{"token":"x","expiresOn":"y"}`:       `{"token":"[cut]","expiresOn":"y"}`,
		`{"Token" : "x"}`:                     `{"Token" : "[cut]"}`,
		`{"\u0074oken":"x"}`:                  `{"\u0074oken":"[cut]"}`,
		`{"accessToken":{"token":12,"e":1}}`:  `{"accessToken":{"token":[cut],"e":1}}`,
		`{"accessToken":"x","e":"f"}`:         `{"accessToken":"[cut]","e":"f"}`,
		`{"token":{"a":"}","b":["x"]},"e":1}`: `{"token":"[cut]","e":1}`,
		`{"token":["x","y"]}`:                 `{"token":"[cut]"}`,
		`{"token":{"a":`:                      `{"token":"[cut]"`,
		`{"a":"` + s64 + `"}`:                 `{"a":"` + s64 + `"}`,
		`{"a":"` + s64 + `a"}`:                `{"a":"[cut]"}`,
		`{"` + s64 + `a":1}`:                  `{"[cut]":1}`,
		`{"id":"` + string(testID) + `"}`:     `{"id":"` + string(testID) + `"}`,
		`{"a":"half`:                          `{"a":"[cut]"`,
		`{"a":"half\`:                         `{"a":"[cut]"`,
		`{"a":"q\"uote"}`:                     `{"a":"q\"uote"}`,
		s64 + `a b`:                           `[cut] b`,
		`say SECRET`:                          `say [cut]`,
		"\"":                                  `"[cut]"`,
	} {
		if got := string(redact([]byte(in), []string{"SECRET"})); got != want {
			t.Errorf("redact(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain text.":                                    "plain text.",
		"a\r\nb\x00c\u202ed\u2028e\xff":                  "a  b c d e",
		"id 39b9d4eb-ebbd-476d-93b9-a79347ee2850":        "id 39b9d4eb-ebbd-476d-93b9-a79347ee2850",
		"for " + string(testID):                          "for 8:acs:[cut]",
		"jwt " + canaryJWT + "!":                         "jwt [cut]!",
		"endpoint=https://x/;accesskey=abc; Signature=d": "endpoint=https://x/;accesskey=[cut]; Signature=[cut]",
		"SEC\x01RET and SECRET":                          "SEC RET and [cut]",
		strings.Repeat("é", 120):                         strings.Repeat("é", 100),
	} {
		if got := clean(in, 200, []string{"SECRET", ""}); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}
