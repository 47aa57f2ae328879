package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
	"github.com/getkin/kin-openapi/openapi3"
)

// A route is one method and path that wants a bearer token, as the API description lists them.
type route struct {
	method, path string
	admin        bool   // wants an app role
	teams        bool   // wants a Teams token besides
	body         string // a good one, or ""
}

func (r route) String() string { return r.method + " " + r.path }

// routesOf reads the routes out of the API description, so that a new route is attacked without a change here.
func routesOf(t *testing.T, bodies map[string]string) []route {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []route
	for _, at := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths.Value(at).Operations())) {
			op := doc.Paths.Value(at).GetOperation(method)
			security := &doc.Security
			if op.Security != nil {
				security = op.Security
			}
			if len(*security) == 0 {
				continue // no bearer token
			}
			_, admin := (*security)[0]["admin"]
			r := route{method: method, path: at, admin: admin}
			r.teams = slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "teams-user-aad-token" })
			if op.RequestBody != nil {
				r.body = bodyOf(t, op.RequestBody, bodies)
			}
			list = append(list, r)
		}
	}
	return list
}

// bodyOf is the body given for a kind of request, or its example.
func bodyOf(t *testing.T, ref *openapi3.RequestBodyRef, bodies map[string]string) string {
	t.Helper()
	if body, ok := bodies[path.Base(ref.Ref)]; ok {
		return body
	}
	example, err := json.Marshal(ref.Value.Content["application/json"].Example)
	if err != nil {
		t.Fatal(err)
	}
	return string(example)
}

// A message is a request that is still to be written.
type message struct {
	line   string // "" for that of the route
	fields []string
	body   string
}

// message is a good request to r but for the Authorization field.
func (s *target) message(r route, tokens ...string) message {
	m := message{line: r.method + " " + r.path + " HTTP/1.1", body: r.body, fields: []string{"Host: " + s.addr}}
	if r.body != "" {
		m.fields = append(m.fields, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(r.body)))
	}
	if r.teams {
		m.fields = append(m.fields, "teams-user-aad-token: "+s.teamsFor(tokens))
	}
	for _, token := range tokens {
		m.fields = append(m.fields, "Authorization: Bearer "+token)
	}
	return m
}

// with adds header fields.
func (m message) with(fields ...string) message {
	m.fields = append(slices.Clone(m.fields), fields...)
	return m
}

// without takes header fields out by the start of their lines.
func (m message) without(names ...string) message {
	m.fields = slices.DeleteFunc(slices.Clone(m.fields), func(f string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(f, n+":") })
	})
	return m
}

// sending replaces the body.
func (m message) sending(body string) message {
	m = m.without("Content-Length", "Content-Type").with("Content-Type: application/json", fmt.Sprint("Content-Length: ", len(body)))
	m.body = body
	return m
}

// target replaces the request line.
func (m message) to(method, at string) message {
	m.line = method + " " + at + " HTTP/1.1"
	return m
}

func (m message) String() string {
	return m.line + "\r\n" + strings.Join(m.fields, "\r\n") + "\r\n\r\n" + m.body
}

// base is the edit that makes a good token one for a route.
func (r route) base() attack.Edit {
	if r.admin {
		return attack.Set("roles", []string{attack.AdminRole})
	}
	return func(*attack.Token) {}
}
