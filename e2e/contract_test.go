package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// A contract is the API description, and a running program that is held to it.
type contract struct {
	t            *testing.T
	doc          *openapi3.T
	p            *process
	token, teams string
	checked      int
}

// TestContractOfTheProgram sends each documented request to the running program, with a token and without, and validates each answer.
func TestContractOfTheProgram(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, media := range []string{"text/html", "text/css", "text/javascript", "text/plain"} {
		openapi3filter.RegisterBodyDecoder(media, func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			b, err := io.ReadAll(body)
			return string(b), err
		})
	}
	c := &contract{t: t, doc: doc, p: start(t, map[string]string{"ACSAUTH_PUBLIC_URL": "https://acsauth.example"}, "--json", "--listen", "127.0.0.1:0")}
	c.token, c.teams = c.mint(), c.mint("--teams")
	good := 0
	for _, at := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(at)
		for _, method := range []string{"POST", "GET", "HEAD", "DELETE"} { // what makes comes before what reads, and what deletes last
			op := item.GetOperation(method)
			if op == nil {
				continue
			}
			c.send(item, op, method, at, "")
			if status := c.send(item, op, method, at, c.token); status < 300 {
				good++
			} else if !strings.HasPrefix(at, "/api/admin/") && !strings.HasPrefix(at, "/api/token") && at != "/api/user" { // before there is an identity
				t.Errorf("%s %s with its example: %d", method, at, status)
			}
		}
	}
	t.Logf("%d answers of the running program checked, %d of them successes", c.checked, good)
	if c.checked < 90 || good < 30 {
		t.Error("too few")
	}
}

func (c *contract) mint(args ...string) string {
	c.t.Helper()
	out, err := exec.Command(devBinary, append([]string{"token", "--user", "alice", "--authority", c.p.Authority}, args...)...).Output()
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// send sends the example of an operation, and returns the status of the answer, which is checked.
func (c *contract) send(item *openapi3.PathItem, op *openapi3.Operation, method, at, token string) int {
	c.t.Helper()
	body, media := c.body(op, token)
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.p.Server+at, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	if token != "" && (op.Security == nil || len(*op.Security) > 0) {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == teamsField }) {
		r.Header.Set(teamsField, c.teams)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.check(item, op, r, res, answer)
	return res.StatusCode
}

// body is the example of an operation's body, with real tokens in it.
func (c *contract) body(op *openapi3.Operation, token string) (body, media string) {
	if op.RequestBody == nil {
		return "", ""
	}
	for media, content := range op.RequestBody.Value.Content {
		members, _ := content.Example.(map[string]any)
		if media == "application/x-www-form-urlencoded" {
			form := url.Values{}
			for name, value := range members {
				form.Set(name, value.(string))
			}
			form.Set("subject_token", token)
			return form.Encode(), media
		}
		if _, teams := members["teamsUserAadToken"]; teams {
			members = map[string]any{"teamsUserAadToken": c.teams}
		}
		b, err := json.Marshal(members)
		if err != nil {
			c.t.Fatal(err)
		}
		return string(b), media
	}
	return "", ""
}

func (c *contract) check(item *openapi3.PathItem, op *openapi3.Operation, r *http.Request, res *http.Response, answer []byte) {
	c.t.Helper()
	c.checked++
	ref := op.Responses.Status(res.StatusCode)
	if ref == nil {
		c.t.Errorf("%s %s: status %d is not documented: %s", r.Method, r.URL.Path, res.StatusCode, answer)
		return
	}
	err := openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: &routers.Route{Spec: c.doc, PathItem: item, Operation: op, Method: r.Method}},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(answer)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil && (r.Method != http.MethodHead || len(answer) > 0) {
		c.t.Errorf("%s %s: %d: %v", r.Method, r.URL.Path, res.StatusCode, err)
	}
	for name := range res.Header {
		if _, ok := ref.Value.Headers[name]; !ok && !slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Www-Authenticate"}, name) {
			c.t.Errorf("%s %s: %d has the undocumented header %s", r.Method, r.URL.Path, res.StatusCode, name)
		}
	}
}

// The contract and the pages are served as they are in the repository.
func TestContractIsServedAsItIs(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	for at, file := range map[string]string{"/openapi.yaml": "../api/openapi.yaml", "/docs": "../api/reference.html", "/docs/style.css": "../api/reference.css", "/": "../internal/playground/dist/index.html"} {
		res, err := http.Get(p.Server + at)
		if err != nil {
			t.Fatal(err)
		}
		got, rerr := io.ReadAll(res.Body)
		res.Body.Close()
		want, err := os.ReadFile(file)
		if err != nil || rerr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not %s (%v %v)", at, file, err, rerr)
		}
	}
}
