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

	"github.com/acs-solutions/acsauth/internal/contract"
	"github.com/getkin/kin-openapi/openapi3"
)

// A documented program is held to the API description.
type documented struct {
	t            *testing.T
	doc          *openapi3.T
	p            *process
	token, teams string
	checked      int
}

// TestContractOfTheProgram sends each documented request to the running program, with a token and without, and validates each answer.
func TestContractOfTheProgram(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := contract.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	c := &documented{t: t, doc: doc, p: start(t, map[string]string{"ACSAUTH_PUBLIC_URL": "https://acsauth.example"}, "--json", "--listen", "127.0.0.1:0")}
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

func (c *documented) mint(args ...string) string {
	c.t.Helper()
	out, err := exec.Command(devBinary, append([]string{"token", "--user", "alice", "--authority", c.p.Authority}, args...)...).Output()
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// send sends the example of an operation, and returns the status of the answer, which is checked.
func (c *documented) send(item *openapi3.PathItem, op *openapi3.Operation, method, at, token string) int {
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
	c.checked++
	for _, fault := range (contract.Operation{Document: c.doc, Item: item, Operation: op}).Check(c.t.Context(), r, contract.Answer{Status: res.StatusCode, Header: res.Header, Body: answer}) {
		c.t.Error(fault)
	}
	return res.StatusCode
}

// body is the example of an operation's body, with real tokens in it.
func (c *documented) body(op *openapi3.Operation, token string) (body, media string) {
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
