package server

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth/internal/authn"
)

const (
	// maxForm is the longest form accepted, in bytes: a token of full length, and as much again for the rest.
	maxForm = authn.MaxToken + maxBody
	// maxFields bounds the parameters of a form.
	maxFields = 32
)

// A form is the parameters of a request of OAuth 2.0. Parameters that are not known are ignored there (RFC 6749 section 3.2).
type form url.Values

// get returns the first value; one that is empty counts as none (RFC 6749 section 3.2).
func (f form) get(name string) string { return url.Values(f).Get(name) }

// readForm reads a body of application/x-www-form-urlencoded. The query has no part in it: tokens have no place there.
func readForm(r *http.Request) (form, error) {
	if r.URL.RawQuery != "" {
		return nil, errRequest("This route takes no query parameters.", "Send all parameters in the body, as application/x-www-form-urlencoded.")
	}
	if !isForm(r.Header) {
		return nil, invalid("media_type_unsupported", "The body is not sent as application/x-www-form-urlencoded.",
			"Send one header 'Content-Type: application/x-www-form-urlencoded', in UTF-8 and without Content-Encoding.")
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return nil, errRequest("The body could not be read.", "Send the whole body, within ten seconds.")
	case len(b) > maxForm:
		return nil, invalid("body_too_large", "The body is longer than 32768 bytes.", "Send only the parameters that the API description names.")
	}
	return parseForm(string(b))
}

// parseForm refuses a parameter that is there twice (RFC 6749 section 3.2), but for the two that may be (RFC 8693 section 2.1).
func parseForm(body string) (form, error) {
	const encode = "Encode the parameters as application/x-www-form-urlencoded."
	if strings.Count(body, "&") >= maxFields {
		return nil, errRequest("The body has too many parameters.", "Send only the parameters that the API description names.")
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, errRequest("The body is malformed.", encode)
	}
	for name, list := range values {
		if len(list) > 1 && name != "audience" && name != "resource" {
			return nil, errRequest("The parameter "+shown(name)+" is there twice.", "Send each parameter once.")
		}
		for _, v := range list {
			if !utf8.ValidString(v) {
				return nil, errRequest("The parameter "+shown(name)+" is not UTF-8.", encode)
			}
		}
	}
	return form(values), nil
}

// isForm reports whether a body is said to be a form in UTF-8, not compressed.
func isForm(h http.Header) bool { return hasType(h, "application/x-www-form-urlencoded") }

// hasType reports whether a body is said to have one media type, in UTF-8, not compressed.
func hasType(h http.Header, want string) bool {
	if len(h.Values("Content-Type")) != 1 || len(h.Values("Content-Encoding")) != 0 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset, given := params["charset"]
	return err == nil && mediaType == want && (!given || strings.EqualFold(charset, "utf-8"))
}
