package server_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// invented is the detail of errors that the tests make up for codes that other packages raise.
const invented = "A detail."

// said returns what the server really said in this process, by problem code. The answers of the token endpoint have another form.
func (l *ledger) said() map[string][]text {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string][]text{}
	for p := range l.problems {
		if p.Detail != invented && p.Error == "" {
			out[p.Code] = append(out[p.Code], p)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b text) int {
			return cmp.Or(cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Found, b.Found), cmp.Compare(a.Hint, b.Hint))
		})
	}
	return out
}

// examples fails unless each error of the document has an example for each of its codes that this process could provoke, in
// the server's own words. UPDATE_EXAMPLES=FILE writes those words to a file.
func (l *ledger) examples(t *testing.T) {
	t.Helper()
	said := l.said()
	if file := os.Getenv("UPDATE_EXAMPLES"); file != "" {
		first := map[string]text{}
		for code, list := range said {
			first[code] = list[0]
		}
		b, err := json.Marshal(first)
		if err == nil {
			err = os.WriteFile(file, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	count := 0
	without := map[string]bool{}
	for name, ref := range openAPI(t).Components.Responses {
		media := ref.Value.Content.Get("application/problem+json")
		if media == nil {
			continue
		}
		for _, code := range codesOf(&openapi3.ResponseRef{Value: ref.Value}) {
			e := media.Examples[code]
			_, others := passedOn()[code]
			_, elsewhere := unshown()[name+" "+code]
			switch {
			case e == nil && len(said[code]) > 0 && !others && !elsewhere: // those may or may not have been shown by a test before this one
				t.Errorf("%s has no example of %s", name, code)
			case e == nil:
				without[code] = true
			default:
				count++
				l.checkExample(t, name+" "+code, media, e.Value.Value, said[code])
			}
		}
		for code := range media.Examples {
			if !slices.Contains(codesOf(&openapi3.ResponseRef{Value: ref.Value}), code) {
				t.Errorf("%s has an example of %s, which it cannot give", name, code)
			}
		}
	}
	t.Logf("examples: %d of problems, in the words of %d codes; %d codes that other packages raise have none", count, len(said), len(without))
}

// checkExample compares an example with what was said, but for the instance.
func (l *ledger) checkExample(t *testing.T, what string, media *openapi3.MediaType, value any, said []text) {
	t.Helper()
	if err := media.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("example of %s: %v", what, err)
	}
	b, err := json.Marshal(value)
	var shown text
	if err == nil {
		err = json.Unmarshal(b, &shown)
	}
	if err != nil || !slices.Contains(said, shown) {
		t.Errorf("the server never said the example of %s: %s", what, b)
	}
}

// TestAnswersAndRequestsHaveExamples: each success with a body and each body of a request has an example of its schema.
func TestAnswersAndRequestsHaveExamples(t *testing.T) {
	check := func(what string, content openapi3.Content) {
		for media, c := range content {
			if !strings.Contains(media, "json") && !strings.Contains(media, "form") || strings.Contains(media, "problem") {
				continue
			}
			if c.Example == nil {
				t.Errorf("%s has no example", what)
			} else if err := c.Schema.Value.VisitJSON(c.Example, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("example of %s: %v", what, err)
			}
		}
	}
	for name, ref := range openAPI(t).Components.Responses {
		check(name, ref.Value.Content)
	}
	for name, ref := range openAPI(t).Components.RequestBodies {
		check(name, ref.Value.Content)
	}
}

// requestExamples sends the example of each body that a user's route takes; it must do what it says.
func requestExamples(t *testing.T, w *world) {
	t.Helper()
	mapped(w, "")
	for op, o := range operations(t) {
		method, target, _ := strings.Cut(op, " ")
		if o.RequestBody == nil || strings.HasPrefix(target, "/api/admin/") {
			continue
		}
		if target == "/oauth2/token" {
			f := exchangeForm(userClaims(aliceOID).sign(t))
			for name, value := range o.RequestBody.Value.Content.Get("application/x-www-form-urlencoded").Example.(map[string]any) {
				if name != "subject_token" && name != "scope" { // the tests have other scopes
					f.Set(name, value.(string))
				}
			}
			w.exchange(f.Encode()).is(t, 200, "")
			continue
		}
		b, err := json.Marshal(o.RequestBody.Value.Content.Get("application/json").Example)
		if err != nil {
			t.Fatal(err)
		}
		body := string(b)
		if path.Base(o.RequestBody.Ref) == "TeamsUser" {
			body = `{"teamsUserAadToken":"` + teamsClaims(aliceOID).sign(t) + `"}`
		}
		if a := w.do(method, target, body, w.alice()); a.StatusCode >= 300 {
			t.Errorf("%s with its example: %d %s", op, a.StatusCode, a.body)
		}
	}
}
