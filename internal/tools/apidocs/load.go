package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// methods in the order in which they are shown. HEAD is GET without a body, and left out.
var methods = []string{"GET", "POST", "DELETE"}

// load reads the description and the list of problem codes.
func load(document, errors string) (page, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(document)
	if err != nil {
		return page{}, err
	}
	text, err := os.ReadFile(errors)
	if err != nil {
		return page{}, err
	}
	p := page{Title: doc.Info.Title, Version: doc.Info.Version, Summary: doc.Info.Extensions["summary"], About: paragraphs(doc.Info.Description)}
	for _, t := range doc.Tags {
		g := group{Name: t.Name, About: t.Description}
		for _, at := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
			for _, m := range methods {
				if op := doc.Paths.Value(at).GetOperation(m); op != nil && slices.Contains(op.Tags, t.Name) {
					g.Operations = append(g.Operations, operationOf(at, m, op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		p.Schemas = append(p.Schemas, schemaOf(name, doc.Components.Schemas[name].Value))
	}
	if p.Problems, err = problemsOf(string(text)); err != nil {
		return page{}, err
	}
	if refused := responseOf("401", doc.Components.Responses["Unauthorized"].Value); len(refused.Examples) > 0 {
		p.Problem = refused.Examples[0].Text
	}
	return p, nil
}

func operationOf(at, method string, op *openapi3.Operation) operation {
	o := operation{ID: op.OperationID, Method: method, Path: at, Summary: op.Summary, About: paragraphs(op.Description), Token: op.Security == nil || len(*op.Security) > 0}
	o.Admin = op.Security != nil && len(*op.Security) > 0
	for _, ref := range op.Parameters {
		p := ref.Value
		o.Parameters = append(o.Parameters, field{Name: p.Name, In: p.In, Required: p.Required, Type: typeOf(p.Schema), About: p.Description})
	}
	if op.RequestBody != nil {
		for _, media := range slices.Sorted(maps.Keys(op.RequestBody.Value.Content)) {
			content := op.RequestBody.Value.Content[media]
			o.Media, o.Body, o.BodyRequired = media, fieldsOf(content.Schema.Value), op.RequestBody.Value.Required
			o.Example = content.Example
			for _, name := range slices.Sorted(maps.Keys(content.Examples)) {
				o.Example = cmp.Or(o.Example, content.Examples[name].Value.Value)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		o.Responses = append(o.Responses, responseOf(status, op.Responses.Value(status).Value))
	}
	return o
}

func responseOf(status string, r *openapi3.Response) response {
	out := response{Status: status, About: *r.Description}
	for _, media := range slices.Sorted(maps.Keys(r.Content)) {
		content := r.Content[media]
		out.Media = media
		if content.Schema != nil && strings.HasPrefix(content.Schema.Ref, "#/") {
			out.Schema = path.Base(content.Schema.Ref)
		}
		if content.Example != nil {
			out.Examples = append(out.Examples, example{Text: pretty(content.Example)})
		}
		for _, name := range slices.Sorted(maps.Keys(content.Examples)) {
			out.Examples = append(out.Examples, example{Name: name, Text: pretty(content.Examples[name].Value.Value)})
		}
		out.Codes = codesOf(content.Schema)
	}
	for _, name := range []string{"Retry-After", "WWW-Authenticate", "Allow"} {
		if h := r.Headers[name]; h != nil {
			out.Headers = append(out.Headers, name)
		}
	}
	return out
}

// codesOf lists the problem codes that an answer may have.
func codesOf(ref *openapi3.SchemaRef) (codes []string) {
	if ref == nil {
		return nil
	}
	for _, part := range ref.Value.AllOf {
		if code := part.Value.Properties["code"]; code != nil {
			for _, c := range code.Value.Enum {
				codes = append(codes, fmt.Sprint(c))
			}
		}
	}
	return codes
}

func pretty(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func schemaOf(name string, s *openapi3.Schema) schema {
	out := schema{Name: name, About: paragraphs(s.Description), Fields: fieldsOf(s)}
	if len(out.Fields) == 0 {
		out.Type = typeOf(&openapi3.SchemaRef{Value: s})
	}
	return out
}

func fieldsOf(s *openapi3.Schema) (out []field) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		ref := s.Properties[name]
		f := field{Name: name, Required: slices.Contains(s.Required, name), Type: typeOf(ref), About: ref.Value.Description}
		if strings.HasPrefix(ref.Ref, "#/") {
			f.Schema = path.Base(ref.Ref)
		}
		out = append(out, f)
	}
	return out
}

// typeOf says in a few words what a value looks like.
func typeOf(ref *openapi3.SchemaRef) string {
	s := ref.Value
	var words []string
	if s.Type != nil {
		words = append(words, strings.Join(s.Type.Slice(), " or "))
	}
	if s.Format != "" {
		words = append(words, s.Format)
	}
	if s.Const != nil {
		words = append(words, "always "+fmt.Sprint(s.Const))
	}
	if len(s.Enum) > 0 {
		var list []string
		for _, e := range s.Enum {
			list = append(list, fmt.Sprint(e))
		}
		words = append(words, "one of "+strings.Join(list, ", "))
	}
	if s.Min != nil && s.Max != nil {
		words = append(words, fmt.Sprintf("%g to %g", *s.Min, *s.Max))
	}
	if s.Items != nil {
		words = append(words, "of "+cmp.Or(path.Base(strings.TrimPrefix(s.Items.Ref, "#")), typeOf(s.Items)))
	}
	return strings.Join(words, ", ")
}

// paragraphs splits a text at its empty lines.
func paragraphs(text string) (out []string) {
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// problemsOf reads the sections of docs/errors.md: "## code", "Status 401. What happened.", "*What to change:* ...".
func problemsOf(text string) (out []problem, err error) {
	for section := range strings.SplitSeq(text, "\n## ") {
		code, rest, _ := strings.Cut(section, "\n")
		rest = strings.TrimSpace(rest)
		if !strings.HasPrefix(rest, "Status ") {
			continue // what stands before the first code
		}
		what, _, _ := strings.Cut(rest, "\n# ")
		happened, change, found := strings.Cut(what, "*What to change:*")
		if !found {
			return nil, fmt.Errorf("docs/errors.md says not what to change about %s", code)
		}
		status, happened, _ := strings.Cut(strings.TrimPrefix(happened, "Status "), ". ")
		out = append(out, problem{Code: code, Status: status, About: strings.Join(strings.Fields(happened), " "), Change: strings.Join(strings.Fields(change), " ")})
	}
	return out, nil
}
