package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/api"
	"github.com/acs-solutions/acsauth/internal/contract"
	"github.com/getkin/kin-openapi/openapi3"
)

var document = sync.OnceValues(func() (*openapi3.T, error) { return contract.Load(api.OpenAPI()) })

func openAPI(t testing.TB) *openapi3.T {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// validated hands requests on and checks each answer against the document.
func validated(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		checkAnswer(t, r, rec.Code, rec.Header(), rec.Body.Bytes())
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// checkAnswer fails if the document does not know this answer to this request,
// or one of its header fields.
func checkAnswer(t testing.TB, r *http.Request, status int, h http.Header, body []byte) {
	t.Helper()
	item, op := operation(t, r, status)
	faults := contract.Operation{Document: openAPI(t), Item: item, Operation: op}.Check(t.Context(), r, contract.Answer{Status: status, Header: h, Body: body})
	for _, fault := range faults {
		t.Error(fault)
	}
	ref := op.Responses.Status(status)
	if ref == nil {
		return
	}
	name := ""
	if operations(t)[nameOf(r)] == op {
		name = nameOf(r)
	}
	shown().note(name, op, ref, r, status, h, body)
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		var p struct{ Code, Expected, Found, Hint string }
		if err := json.Unmarshal(body, &p); err != nil || p.Expected == "" || p.Found == "" || p.Hint == "" {
			t.Errorf("%s %s: the refusal %s does not say what was expected, what was found and what to change: %s", r.Method, r.URL.Path, p.Code, body)
		}
	}
}

// operation returns what describes an answer. What is no operation of the
// document (no such route, no such method, preflight) is described by a
// component of its own.
func operation(t testing.TB, r *http.Request, status int) (*openapi3.PathItem, *openapi3.Operation) {
	t.Helper()
	d := openAPI(t)
	item := d.Paths.Value(r.URL.EscapedPath())
	if item != nil {
		if op := item.Operations()[r.Method]; op != nil {
			return item, op
		}
	}
	name := map[int]string{http.StatusNotFound: "RouteNotFound", http.StatusMethodNotAllowed: "MethodNotAllowed",
		http.StatusNoContent: "Preflight", http.StatusBadRequest: "BadRequestService"}[status]
	if name == "" {
		return &openapi3.PathItem{}, &openapi3.Operation{Responses: openapi3.NewResponses()}
	}
	responses := openapi3.NewResponsesWithCapacity(1)
	responses.Set(strconv.Itoa(status), d.Components.Responses[name])
	return &openapi3.PathItem{}, &openapi3.Operation{Responses: responses}
}

// operations returns all operations of the document by "METHOD /path".
func operations(t testing.TB) map[string]*openapi3.Operation {
	t.Helper()
	all := map[string]*openapi3.Operation{}
	for path, item := range openAPI(t).Paths.Map() {
		for method, op := range item.Operations() {
			all[method+" "+path] = op
		}
	}
	return all
}

// bearerOperations returns the operations that need a token, in order.
func bearerOperations(t testing.TB) []string {
	t.Helper()
	var list []string
	for name, op := range operations(t) {
		if op.Security == nil { // the one of the document
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func TestDocumentIsValid(t *testing.T) {
	if err := openAPI(t).Validate(t.Context(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Fatal(err)
	}
}
