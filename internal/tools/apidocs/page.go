package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"
)

// What the template shows.
type (
	page struct {
		Title, Version string
		Summary        any
		About          []string
		Groups         []group
		Problem        string // one whole problem document
		Problems       []problem
		Schemas        []schema
	}
	group struct {
		Name, About string
		Operations  []operation
	}
	operation struct {
		ID, Method, Path, Summary string
		About                     []string
		Token, Admin              bool
		Parameters, Body          []field
		BodyRequired              bool
		Media                     string // of the body
		Example                   any    // of the body
		Responses                 []response
	}
	field struct {
		Name, In, Type, About string
		Schema                string // anchor of its own, or ""
		Required              bool
	}
	response struct {
		Status, About, Media, Schema string
		Examples                     []example
		Codes, Headers               []string
	}
	example struct{ Name, Text string }
	schema  struct {
		Name, Type string
		About      []string
		Fields     []field
	}
	problem struct{ Code, Status, About, Change string }
)

//go:embed page.html.tmpl
var layout string

func write(w io.Writer, p page) error {
	t, err := template.New("page").Funcs(template.FuncMap{"code": code}).Parse(layout)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// code marks what stands between backticks.
func code(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := template.HTMLEscapeString(part)
		if i%2 == 1 {
			escaped = "<code>" + escaped + "</code>"
		}
		b.WriteString(escaped)
	}
	return template.HTML(b.String()) // each part is escaped above
}

// IsProblem reports whether an answer is an error.
func (r response) IsProblem() bool { return r.Status >= "400" }

// Curl is the call as a command, with the token in $TOKEN and the server in $API.
func (o operation) Curl() string {
	parts := []string{"curl -sS"}
	teams := slices.ContainsFunc(o.Parameters, func(p field) bool { return p.Name == "teams-user-aad-token" })
	withBody := o.Example != nil && !teams // whose token comes in the header
	if o.Method != "GET" && !withBody {
		parts = append(parts, "-X "+o.Method)
	}
	if o.Token {
		parts = append(parts, `-H "Authorization: Bearer $TOKEN"`)
	}
	if teams {
		parts = append(parts, `-H "teams-user-aad-token: $TEAMS"`)
	}
	if withBody {
		parts = append(parts, o.data()...)
	}
	return strings.Join(append(parts, `"$API`+o.Path+`"`), " \\\n  ")
}

// data writes the example of the body.
func (o operation) data() []string {
	members, ok := o.Example.(map[string]any)
	if o.Media != "application/x-www-form-urlencoded" || !ok {
		text := strings.Join(strings.Fields(pretty(o.Example)), " ")
		return []string{"-H 'Content-Type: application/json'", "-d '" + text + "'"}
	}
	var list []string
	for _, f := range o.Body {
		value, given := members[f.Name]
		switch {
		case f.Name == "subject_token":
			list = append(list, `--data-urlencode "subject_token=$TOKEN"`)
		case given:
			list = append(list, "-d '"+f.Name+"="+url.QueryEscape(fmt.Sprint(value))+"'")
		}
	}
	return list
}
