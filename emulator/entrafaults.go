package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// entraHandler lets requests to Entra ID meet their faults before and after the service sees them. A preflight request
// meets none, since a browser makes it and not the program under test.
func (e *Emulator) entraHandler(op string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := Fault{}
		if r.Method != http.MethodOptions {
			fault = e.faults.rules.next(cmp.Or(op, entraPrefix+"other"))
		}
		if fault == (Fault{}) {
			e.entra.ServeHTTP(w, r)
			return
		}
		emu.Wait(fault.Delay, e.closing)
		switch {
		case fault.DropBefore:
			panic(http.ErrAbortHandler)
		case fault.Status != 0:
			e.entraFault(w, r, fault, fault.Status)
		case fault.DropAfter || fault.StatusAfter != 0 || fault.BadJSON:
			e.afterEntra(w, r, fault)
		default:
			e.entra.ServeHTTP(w, r)
		}
	})
}

// afterEntra has the service answer and spoils the answer. A refusal stays as it is.
func (e *Emulator) afterEntra(w http.ResponseWriter, r *http.Request, fault Fault) {
	held := &heldAnswer{header: http.Header{}}
	e.entra.ServeHTTP(held, r)
	if held.status >= 400 {
		held.send(w, held.body.Bytes())
		return
	}
	switch {
	case fault.DropAfter:
		panic(http.ErrAbortHandler)
	case fault.StatusAfter != 0:
		e.entraFault(w, r, fault, fault.StatusAfter)
	default:
		held.send(w, held.body.Bytes()[:held.body.Len()/2])
	}
}

// heldAnswer keeps an answer in memory.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

// send writes the answer with another body.
func (h *heldAnswer) send(w http.ResponseWriter, body []byte) {
	for name, values := range h.header {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(cmp.Or(h.status, http.StatusOK))
	w.Write(body)
}

// entraFaultCodes are AADSTS numbers and OAuth errors that Entra ID has for statuses. The rest are those of 500.
var entraFaultCodes = map[int]struct {
	number int
	oauth  string
}{
	http.StatusTooManyRequests:     {90055, "temporarily_unavailable"},
	http.StatusServiceUnavailable:  {90033, "temporarily_unavailable"},
	http.StatusGatewayTimeout:      {90033, "temporarily_unavailable"},
	http.StatusInternalServerError: {90001, "server_error"},
}

// entraFault writes an error in the form of Entra ID. Its code is AADSTS and the number in [Fault].Code, if it is one.
func (e *Emulator) entraFault(w http.ResponseWriter, r *http.Request, fault Fault, status int) {
	code, ok := entraFaultCodes[status]
	if !ok {
		code = entraFaultCodes[http.StatusInternalServerError]
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(fault.Code, "AADSTS")); err == nil {
		code.number = n
	} else if fault.Code != "" {
		code.oauth = fault.Code
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store, no-cache")
	if fault.RetryAfter != "" {
		h.Set("Retry-After", fault.RetryAfter)
	}
	trace, now := uuid.NewString(), e.Now().UTC().Format(time.DateTime)+"Z"
	text := fmt.Sprintf("AADSTS%d: The emulator was told to answer this.\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		code.number, trace, trace, now)
	if r.Method == http.MethodGet && strings.HasSuffix(strings.ToLower(r.URL.Path), "authorize") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, text)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"error": code.oauth, "error_description": text, "error_codes": []int{code.number},
		"timestamp": now, "trace_id": trace, "correlation_id": trace,
	})
}
