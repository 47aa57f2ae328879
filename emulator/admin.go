package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxLifetime bounds the lifetime of a token minted over HTTP.
const maxLifetime = 365 * 24 * time.Hour

// adminError is a refusal with its status.
type adminError struct {
	status int
	text   string
}

func (e *adminError) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return &adminError{status, fmt.Sprintf(format, args...)}
}

// encoded is an answer that is JSON already.
type encoded []byte

// adminFunc answers a request with something to encode as JSON, or a string to send as text.
type adminFunc func(*http.Request) (any, error)

// newAdmin makes the administration handler. It has no CORS, and it answers no web page but its own; see checkSource.
func (e *Emulator) newAdmin() http.Handler {
	table := e.adminTable()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		limit := int64(maxBody)
		if r.URL.Path == restorePath {
			limit = maxSnapshot
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		answer, err := e.dispatch(table, r)
		writeAdmin(w, answer, err)
	})
}

// routes are functions by path and method.
type routes map[string]map[string]adminFunc

func (e *Emulator) adminTable() routes {
	list := func(f func() any) map[string]adminFunc {
		return map[string]adminFunc{"GET": func(*http.Request) (any, error) { return f(), nil }}
	}
	table := routes{
		"/":                   list(func() any { return e.overview() }),
		"/healthz":            list(func() any { return map[string]string{"status": "ok"} }),
		"/ca.pem":             {"GET": func(*http.Request) (any, error) { return string(e.CACertPEM()), nil }},
		"/users":              list(func() any { return e.Users() }),
		"/counters":           list(func() any { return e.Counters() }),
		"/identities":         list(func() any { return e.Identities() }),
		"/apps":               {"GET": e.adminApps},
		"/tokens":             {"GET": e.adminTokens},
		"/mappings":           {"GET": e.adminMappings},
		"/acs":                {"GET": e.adminACS, "POST": e.adminSetACS},
		"/snapshot":           {"GET": e.adminSnapshot},
		restorePath:           {"POST": e.adminRestore},
		"/seed":               {"POST": e.adminSeed},
		"/requests":           list(func() any { return e.Requests() }),
		"/faults":             {"GET": e.adminFaults, "POST": e.adminAddFault, "DELETE": e.adminClearFaults},
		"/graph":              {"GET": e.adminGraph, "POST": e.adminSetGraph},
		"/entra":              {"GET": e.adminEntra, "POST": e.adminSetEntra},
		"/obo":                {"POST": e.adminSetOBO},
		"/clock":              {"GET": e.adminClock, "POST": e.adminSetClock},
		"/reset":              {"POST": e.adminReset},
		"/token":              {"POST": e.adminToken},
		"/token/workload":     {"POST": e.adminWorkload},
		"/certificates":       {"POST": e.adminCertificate},
		"/sessions/revoke":    {"POST": e.adminRevokeSessions},
		"/keys/rotate":        {"POST": e.adminRotate},
		"/acs/keys/primary":   {"POST": e.adminRegenerate},
		"/acs/keys/secondary": {"POST": e.adminRegenerate},
		rehearsalsPath:        {"GET": e.adminRehearsals, "DELETE": e.adminEndRehearsals},
	}
	for _, name := range scenarioNames() {
		table[rehearsalsPath+"/"+name] = map[string]adminFunc{"POST": e.adminRehearse, "DELETE": e.adminEndRehearsal}
	}
	for path, file := range uiFiles() {
		table[path] = map[string]adminFunc{"GET": func(*http.Request) (any, error) { return file, nil }}
	}
	return table
}

// dispatch checks where the request comes from and runs its function.
func (e *Emulator) dispatch(table routes, r *http.Request) (any, error) {
	if err := e.checkSource(r); err != nil {
		return nil, err
	}
	methods, ok := table[r.URL.Path]
	if name, found := strings.CutPrefix(r.URL.Path, rehearsalsPath+"/"); !ok && found {
		return nil, refuse(http.StatusNotFound, "there is no rehearsal %.40q; there are %s", name, strings.Join(scenarioNames(), ", "))
	}
	if !ok {
		return nil, refuse(http.StatusNotFound, "there is nothing here; GET / lists what there is")
	}
	run, ok := methods[r.Method]
	if !ok {
		return nil, refuse(http.StatusMethodNotAllowed, "the method is not allowed here; allowed: %s",
			strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
	}
	return run(r)
}

// writeAdmin writes an answer.
func writeAdmin(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	switch answer := answer.(type) {
	case string:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, answer)
		return
	case uiFile:
		answer.write(w)
		return
	case encoded:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write(answer)
		return
	}
	if err != nil {
		status = http.StatusInternalServerError
		if refusal, ok := errors.AsType[*adminError](err); ok {
			status = refusal.status
		}
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(answer)
}

func (e *Emulator) adminReset(*http.Request) (any, error) {
	e.Reset()
	return map[string]string{"status": "ok"}, nil
}

func (e *Emulator) adminRotate(r *http.Request) (any, error) {
	drop := r.URL.Query().Get("drop")
	if drop != "" && drop != "old" {
		return nil, refuse(http.StatusBadRequest, "drop can only be old")
	}
	if err := e.RotateKeys(drop == "old"); err != nil {
		return nil, err
	}
	return map[string]string{"status": "ok"}, nil
}

// adminTokenRequest is the body of POST /token; see [TokenRequest].
type adminTokenRequest struct {
	User             string   `json:"user"`
	Teams            bool     `json:"teams"`
	Client           string   `json:"client"`
	Version          string   `json:"version"`
	Scopes           []string `json:"scopes"`
	Audience         string   `json:"audience"`
	ExpiresInSeconds float64  `json:"expiresInSeconds"`
	AppOnly          bool     `json:"appOnly"`
	Flaw             Flaw     `json:"flaw"`
	Tenant           string   `json:"tenant"`
	Policy           string   `json:"policy"`
}

func (e *Emulator) adminToken(r *http.Request) (any, error) {
	var in adminTokenRequest
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if s := in.ExpiresInSeconds; s < 0 || s > maxLifetime.Seconds() || s != math.Trunc(s) {
		return nil, refuse(http.StatusBadRequest, "expiresInSeconds has to be a whole number up to %.0f", maxLifetime.Seconds())
	}
	token, lifetime, err := e.mint(TokenRequest{
		User: in.User, Teams: in.Teams, Client: in.Client, Version: in.Version, Scopes: in.Scopes, Audience: in.Audience,
		ExpiresIn: time.Duration(in.ExpiresInSeconds) * time.Second, AppOnly: in.AppOnly, Flaw: in.Flaw, Tenant: in.Tenant, Policy: in.Policy,
	})
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int64(lifetime / time.Second)}, nil
}

// decodeOne decodes exactly one JSON object without unknown fields. An empty body is an empty object.
func decodeOne(body io.Reader, into any) error {
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body is not the JSON object that belongs here: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body holds more than one JSON value")
	}
	return nil
}
