package entra

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Error is an answer of Entra ID that carries an AADSTS code.
type Error struct {
	Code     int    // AADSTS number
	OAuth    string // RFC 6749 error
	Suberror string
	Text     string // never holds a token or a secret
	Claims   string // JSON of a claims challenge
}

func (e *Error) Error() string { return fmt.Sprintf("AADSTS%d: %s", e.Code, e.Text) }

// status is the HTTP status at the token endpoint.
func (e *Error) status() int {
	switch e.OAuth {
	case "invalid_client":
		return http.StatusUnauthorized
	case "temporarily_unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// oauthErrors maps AADSTS numbers to RFC 6749 errors; invalid_grant is the rest.
var oauthErrors = map[int]string{
	28000:   "invalid_scope",
	50011:   "invalid_request",
	50027:   "invalid_request",
	50058:   "login_required",
	50059:   "invalid_request",
	50072:   "interaction_required",
	50074:   "interaction_required",
	50194:   "invalid_request",
	50076:   "interaction_required",
	50078:   "interaction_required",
	50079:   "interaction_required",
	50147:   "invalid_request",
	50158:   "interaction_required",
	50166:   "invalid_request",
	53000:   "interaction_required",
	53003:   "interaction_required",
	65004:   "access_denied",
	70003:   "unsupported_grant_type",
	70005:   "unsupported_response_type",
	70007:   "invalid_request",
	70011:   "invalid_scope",
	70016:   "authorization_pending",
	70018:   "bad_verification_code",
	70020:   "expired_token",
	90002:   "invalid_request",
	90022:   "invalid_request",
	90023:   "invalid_request",
	90033:   "temporarily_unavailable",
	90094:   "access_denied",
	90095:   "access_denied",
	90100:   "invalid_request",
	500011:  "invalid_resource",
	650057:  "invalid_resource",
	700016:  "unauthorized_client",
	700021:  "invalid_client",
	700023:  "invalid_client",
	700024:  "invalid_client",
	700025:  "invalid_client",
	700211:  "invalid_client",
	700212:  "invalid_client",
	700213:  "invalid_client",
	5002738: "invalid_client",
	700027:  "invalid_client",
	900144:  "invalid_request",
	1002012: "invalid_scope",
	7000215: "invalid_client",
	7000218: "invalid_client",
	9002325: "invalid_request",
}

// fail makes an error.
func fail(code int, format string, args ...any) *Error {
	e := &Error{Code: code, OAuth: oauthErrors[code], Text: fmt.Sprintf(format, args...)}
	if e.OAuth == "" {
		e.OAuth = "invalid_grant"
	}
	return e
}

// missing is the error for an absent parameter.
func missing(name string) *Error {
	return fail(900144, "The request body must contain the following parameter: '%s'.", name)
}

// unknownTenant is the error for a tenant that is not here.
func unknownTenant(name string) *Error {
	return fail(90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the "+
		"correct cloud.", clip(name))
}

// unknownApp is the error for a client that is not registered.
func unknownApp(id string) *Error {
	return fail(700016, "Application with identifier '%s' was not found in the directory 'acsauth emulator'.", clip(id))
}

// clip bounds a value of the request that an error text repeats, and keeps it printable.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "..."
	}
	return s
}

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// errorBody is the JSON form of an error.
type errorBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes,omitempty"`
	Timestamp     string `json:"timestamp,omitempty"`
	TraceID       string `json:"trace_id,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
	URI           string `json:"error_uri,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
}

// body renders an error for one request.
func (s *Service) body(r *http.Request, e *Error) errorBody {
	b := errorBody{
		Error:         e.OAuth,
		Codes:         []int{e.Code},
		Timestamp:     s.now().UTC().Format(time.DateTime) + "Z",
		TraceID:       newGUID(),
		CorrelationID: correlationID(r),
		URI:           fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.Code),
		Suberror:      e.Suberror,
		Claims:        e.Claims,
	}
	b.Description = fmt.Sprintf("%s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s", e, b.TraceID, b.CorrelationID, b.Timestamp)
	if tenantOf(r).kind == B2C {
		return bodyB2C(b, e)
	}
	return b
}

// correlationID is the client's request id when it sent a GUID.
func correlationID(r *http.Request) string {
	for _, id := range []string{r.Header.Get("Client-Request-Id"), r.URL.Query().Get("client-request-id"), r.PostForm.Get("client-request-id")} {
		if guidPattern.MatchString(id) {
			return strings.ToLower(id)
		}
	}
	return newGUID()
}
