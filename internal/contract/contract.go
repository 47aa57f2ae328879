// Package contract holds answers to the API description. It is for tests.
package contract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Load reads the description. Bodies of pages are read as text from then on.
func Load(document []byte) (*openapi3.T, error) {
	for _, media := range []string{"text/html", "text/css", "text/javascript", "text/plain"} {
		openapi3filter.RegisterBodyDecoder(media, asText)
	}
	return openapi3.NewLoader().LoadFromData(document)
}

func asText(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
	b, err := io.ReadAll(body)
	return string(b), err
}

// An Operation is what describes an answer.
type Operation struct {
	Document *openapi3.T
	Item     *openapi3.PathItem
	*openapi3.Operation
}

// An Answer is what came for a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Check returns what the description does not know of an answer: status, body, header fields, challenge.
func (o Operation) Check(ctx context.Context, r *http.Request, a Answer) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s %s: %d "+format, slices.Concat([]any{r.Method, r.URL.Path, a.Status}, args)...))
	}
	ref := o.Responses.Status(a.Status)
	if ref == nil {
		fault("is not documented: %s", a.Body)
		return faults
	}
	if r.Method != http.MethodHead { // which has the header of a body, and none
		err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r,
				Route: &routers.Route{Spec: o.Document, PathItem: o.Item, Operation: o.Operation, Method: r.Method}},
			Status: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			fault("%w", err)
		}
	}
	if len(ref.Value.Content) == 0 && len(a.Body) > 0 {
		fault("has the body %q, which is not documented", a.Body)
	}
	for name := range a.Header {
		if _, ok := ref.Value.Headers[name]; !ok && !slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Www-Authenticate"}, name) {
			fault("has the undocumented header %s", name)
		}
	}
	if _, ok := ref.Value.Headers["WWW-Authenticate"]; !ok && a.Header.Get("Www-Authenticate") != "" {
		fault("has an undocumented challenge")
	}
	return faults
}
