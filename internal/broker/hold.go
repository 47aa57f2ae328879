package broker

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// deniedHold is how long creates rest after ACS refused our credential, or gave
// strangeAnswers in a row that we do not understand.
const deniedHold = 5 * time.Second

// strangeAnswers is how many of them show that it is no accident: each leaves an identity behind.
const strangeAnswers = 3

// maxHold bounds what a Retry-After can impose.
const maxHold = time.Minute

// A hold stops all creates of this process for a while: ACS counts refused
// calls too, so calling on would make a limit last longer.
type hold struct {
	mu      sync.Mutex
	until   time.Time
	why     *acsauth.Error
	strange int // answers in a row that were not understood
}

// good notes an answer that was understood.
func (h *hold) good() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.strange = 0
}

// check returns the error that stands for the hold, or nil.
func (h *hold) check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := time.Until(h.until)
	if left <= 0 {
		return nil
	}
	e := *h.why
	e.RetryAfter = left
	return &e
}

// note starts a hold if the refusal of a create asks for one.
func (h *hold) note(cause error, public error) {
	e, ok := errors.AsType[*acsidentity.Error](cause)
	p, ok2 := errors.AsType[*acsauth.Error](public)
	if !ok || !ok2 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var d time.Duration
	switch s := e.StatusCode; {
	case s == http.StatusTooManyRequests:
		d = min(max(e.RetryAfter, time.Second), maxHold)
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		d = deniedHold
	case s/100 == 2:
		if h.strange++; h.strange < strangeAnswers {
			return
		}
		d = deniedHold
	default:
		return
	}
	if until := time.Now().Add(d); until.After(h.until) {
		h.until, h.why = until, p
	}
}
