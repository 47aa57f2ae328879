package entra

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// submitScript sends the form_post answer; without scripts the button does it.
const submitScript = `document.forms[0].submit()`

var (
	//go:embed pages.css
	style string
	//go:embed pages.html
	pagesHTML string

	pages = template.Must(template.New("pages").Parse(pagesHTML))
)

// sourceHash names an inline script or style in a Content-Security-Policy.
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is the data of every page.
type page struct {
	Style    template.CSS
	Script   template.JS
	Title    string
	Text     string
	Details  []string
	Action   string
	App      string
	Hint     *User
	Users    []User
	Fields   map[string]string
	Frames   []string // front-channel logout
	Next     string   // where a signed-out page goes on to
	formDest string   // where the form may lead to, for the policy
	frameSrc string   // what frames may show
}

// show renders a page. Nothing outside of it is loaded, and its form leads nowhere but where it should.
func (s *Service) show(w http.ResponseWriter, name string, status int, p page) {
	p.Style = template.CSS(style)
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	script, referrer := "'none'", "same-origin" // the picker's own POST has to carry its origin
	if p.Script != "" {
		script, referrer = sourceHash(string(p.Script)), "origin"
	}
	form := "'none'"
	if p.formDest != "" {
		form = p.formDest
	}
	frames := ""
	if p.frameSrc != "" {
		frames = "; frame-src " + p.frameSrc
	}
	h := w.Header()
	noStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+sourceHash(style)+"; script-src "+script+
		"; form-action "+form+"; base-uri 'none'; frame-ancestors 'none'"+frames)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", referrer)
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// picker lists the sample users.
func (s *Service) picker(w http.ResponseWriter, req authRequest) {
	hint, _ := s.dir.userAt(req.tenant, req.hint)
	s.show(w, "picker", http.StatusOK, page{
		Title:    "Pick an account",
		Action:   "/" + req.tenant.segment + "/login?" + req.params.Encode(),
		App:      req.app.Name,
		Hint:     hint,
		Users:    s.dir.pickable(req.tenant),
		formDest: "'self' " + formSource(req.redirectURI), // browsers hold redirects after the form to the same policy
	})
}

// postPage is the form_post response mode.
func (s *Service) postPage(w http.ResponseWriter, req authRequest, answer url.Values) {
	fields := make(map[string]string, len(answer))
	for name := range answer {
		fields[name] = answer.Get(name)
	}
	s.show(w, "post", http.StatusOK, page{
		Title: "Going back to the application", Script: submitScript, Action: req.redirectURI, Fields: fields,
		formDest: formSource(req.redirectURI),
	})
}

// errorPage shows an error that must not be sent to the redirect URI.
func (s *Service) errorPage(w http.ResponseWriter, r *http.Request, e *Error) {
	s.counts.add("refused")
	b := s.body(r, e)
	s.show(w, "message", http.StatusBadRequest, page{
		Title:   "Sorry, but we're having trouble signing you in",
		Text:    e.Error(),
		Details: []string{"Trace ID: " + b.TraceID, "Correlation ID: " + b.CorrelationID, "Timestamp: " + b.Timestamp},
	})
}

// formSource is the origin of a URL as a policy source. A host that a policy cannot name is allowed by its scheme.
func formSource(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if strings.ContainsAny(u.Host, "[]'\"; ,*") || u.Host == "" {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
