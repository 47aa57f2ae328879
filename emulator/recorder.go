package emulator

import (
	"encoding/json"
	"net/http"
	"regexp"
)

// maxErrorBody bounds how much of a refusal is looked at for its code.
const maxErrorBody = 4 << 10

// recorder remembers the status of an answer, and the beginning of a refusal's body.
type recorder struct {
	http.ResponseWriter
	status int
	head   []byte
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.status >= 400 {
		r.head = append(r.head, b[:min(len(b), maxErrorBody-len(r.head))]...)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

var (
	aadsts    = regexp.MustCompile(`AADSTS\d{4,8}`)
	codeShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
)

// errorCode finds the code of a refusal: AADSTS in a page, a redirect or JSON of Entra ID, error.code of the others.
func (r *recorder) errorCode() string {
	if code := aadsts.FindString(r.Header().Get("Location")); code != "" {
		return code
	}
	if r.status < 400 {
		return ""
	}
	if code := aadsts.Find(r.head); code != nil {
		return string(code)
	}
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(r.head, &body) != nil {
		return ""
	}
	var inner struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body.Error, &inner) != nil {
		_ = json.Unmarshal(body.Error, &inner.Code) // OAuth: the error is a string
	}
	if !codeShape.MatchString(inner.Code) {
		return ""
	}
	return inner.Code
}
