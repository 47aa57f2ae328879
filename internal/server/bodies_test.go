package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/google/go-cmp/cmp"
)

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest("POST", "/getToken", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	return r
}

// problemOf returns code and detail of an error.
func problemOf(err error) (code, detail string) {
	if e, ok := errors.AsType[*acsauth.Error](err); ok {
		return e.Code, e.Detail
	}
	return "", ""
}

func TestBodies(t *testing.T) {
	for _, c := range []struct{ body, code, detail string }{
		{`{}`, "", ""},
		{"", "", ""},
		{" \r\n\t{ } \n", "", ""},
		{`{"scopes":["chat"],"expiresInMinutes":60}`, "", ""},
		{`{"\u0073copes":["chat"]}`, "", ""},
		{`{"scope":["chat"]}`, "body_invalid", "This route knows no member 'scope'."},
		{`{"Scopes":["chat"]}`, "body_invalid", "This route knows no member 'Scopes'."},
		{`{"":1}`, "body_invalid", "This route knows no member ''."},
		{`{"<script>\u0000\"":1}`, "body_invalid", "This route knows no member '?script???'."},
		{`{"` + strings.Repeat("x", 60) + `":1}`, "body_invalid", "This route knows no member '" + strings.Repeat("x", 40) + "...'."},
		{`{"scopes":["chat"],"scopes":["chat"]}`, "body_invalid", "The member 'scopes' is there twice."},
		{`{"scopes":["chat"],"\u0073copes":["chat"]}`, "body_invalid", "The member 'scopes' is there twice."},
		{`{"scopes":"chat"}`, "body_invalid", "The member 'scopes' has the wrong type."},
		{`{"scopes":null}`, "body_invalid", "The member 'scopes' has the wrong type."},
		{`{"scopes":[null]}`, "body_invalid", "The member 'scopes' has the wrong type."},
		{`{"scopes":[1]}`, "body_invalid", "The member 'scopes' has the wrong type."},
		{`{"scopes":{"0":"chat"}}`, "body_invalid", "The member 'scopes' has the wrong type."},
		{`{"expiresInMinutes":"60"}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"expiresInMinutes":60.0}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"expiresInMinutes":6e1}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"expiresInMinutes":null}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"expiresInMinutes":9223372036854775808}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"expiresInMinutes":true}`, "body_invalid", "The member 'expiresInMinutes' has the wrong type."},
		{`{"scopes":["chat"`, "body_invalid", "The body is not well-formed JSON in member 'scopes'."},
		{`{"scopes":["chat"]`, "body_invalid", "The body is not well-formed JSON."},
		{`{"scopes"}`, "body_invalid", "The body is not well-formed JSON in member 'scopes'."},
		{`{"scopes":["chat"],}`, "body_invalid", "The body is not well-formed JSON."},
		{`{1:2}`, "body_invalid", "The body is not well-formed JSON."},
		{`{} {}`, "body_invalid", "There is something after the JSON object."},
		{`{}x`, "body_invalid", "There is something after the JSON object."},
		{`null`, "body_invalid", "The body is not a JSON object."},
		{`[]`, "body_invalid", "The body is not a JSON object."},
		{`"{}"`, "body_invalid", "The body is not a JSON object."},
		{" ", "body_invalid", "The body is not a JSON object."},
		{"\ufeff{}", "body_invalid", "The body is not a JSON object."},
		{"{\"scopes\":[\"\xff\"]}", "body_invalid", "The body is not UTF-8."},
		{`{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 7000), "body_invalid", "This route knows no member 'a'."},
		{`{"scopes":` + strings.Repeat("[", 12000), "body_invalid", "The body is not well-formed JSON in member 'scopes'."},
		{"{" + strings.Repeat(" ", 16<<10-2) + "}", "", ""},
		{"{" + strings.Repeat(" ", 16<<10-1) + "}", "body_too_large", "The body is longer than 16384 bytes."},
	} {
		for _, length := range []bool{true, false} {
			r := post(c.body)
			if !length {
				r.ContentLength = -1
			}
			_, err := tokenBody(r)
			if code, detail := problemOf(err); code != c.code || detail != c.detail {
				t.Errorf("%.60q: %q %q, want %q %q", c.body, code, detail, c.code, c.detail)
			}
		}
	}
}

func TestBodyValues(t *testing.T) {
	for body, want := range map[string]tokenInput{
		`{}`:                        {},
		`{"scopes":[]}`:             {scopes: []acsauth.Scope{}},
		`{"scopes":["chat","x y"]}`: {scopes: []acsauth.Scope{"chat", "x y"}},
		`{"expiresInMinutes":1440}`: {lifetime: 24 * time.Hour},
	} {
		got, err := tokenBody(post(body))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(tokenInput{})); err != nil || diff != "" {
			t.Errorf("%s: %v %s", body, err, diff)
		}
	}
	if got, err := teamsBody(post(`{"teamsUserAadToken":"a.b\u002ec"}`)); err != nil || got != "a.b.c" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := teamsBody(post(`{"teamsUserAadToken":["a"]}`)); err == nil {
		t.Error("a list was accepted as a token")
	}
}

func TestMediaTypes(t *testing.T) {
	for _, c := range []struct {
		headers []string
		ok      bool
	}{
		{[]string{"Content-Type", "application/json"}, true},
		{[]string{"Content-Type", "Application/JSON; charset=UTF-8"}, true},
		{[]string{"Content-Type", `application/json; charset="utf-8"`}, true},
		{[]string{"Content-Type", "application/json; charset=utf-16"}, false},
		{[]string{"Content-Type", "application/json; charset=utf-8; charset=utf-16"}, false},
		{[]string{"Content-Type", "text/json"}, false},
		{[]string{"Content-Type", "application/x-www-form-urlencoded"}, false},
		{[]string{"Content-Type", ""}, false},
		{nil, false},
		{[]string{"Content-Type", "application/json", "Content-Type", "application/json"}, false},
		{[]string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, false},
	} {
		r := post("{}")
		r.Header.Del("Content-Type")
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		_, err := tokenBody(r)
		if code, _ := problemOf(err); (code == "") != c.ok || code != "" && code != "media_type_unsupported" {
			t.Errorf("%q: %q", c.headers, code)
		}
	}
	r := post("")
	r.Header.Del("Content-Type")
	if _, err := tokenBody(r); err != nil {
		t.Error(err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("inside") }

func TestUnreadableBody(t *testing.T) {
	r := httptest.NewRequest("POST", "/getToken", brokenReader{})
	if code, _ := problemOf(readBody(r, nil)); code != "request_malformed" {
		t.Errorf("code %q", code)
	}
}

// FuzzBody: what we accept, encoding/json reads as the same values; nothing
// panics, and no error text holds more of the input than plain characters.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{}`, `{"scopes":["chat"],"expiresInMinutes":60}`, `{"teamsUserAadToken":"a.b.c"}`, `{"scopes":null}`, `{"a":{"b":[1]}}x`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var scopes []string
		var minutes *int64
		var token string
		err := decodeObject(b, members{"scopes": stringList(&scopes), "expiresInMinutes": integer(&minutes), "teamsUserAadToken": text(&token)})
		if err != nil {
			if code, detail := problemOf(err); code != "body_invalid" || len(detail) > 120 || strings.ContainsAny(detail, "\"\\<>\r\n\x00") {
				t.Fatalf("%q %q", code, detail)
			}
			return
		}
		var want struct {
			Scopes  []string `json:"scopes"`
			Minutes *int64   `json:"expiresInMinutes"`
			Token   string   `json:"teamsUserAadToken"`
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("%q: accepted, but %v", b, err)
		}
		if diff := cmp.Diff([]any{want.Scopes, want.Minutes, want.Token}, []any{scopes, minutes, token}); diff != "" {
			t.Fatal(diff)
		}
	})
}
