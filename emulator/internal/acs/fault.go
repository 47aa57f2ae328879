package acs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// Fault is one misfortune of a request. The zero value is none. It is asked
// for after the request was authenticated, so it hits only requests that the
// service would have taken on. Its JSON form gives Delay as "1.5s".
type Fault struct {
	Status      int           `json:"status,omitempty"`      // answer this error status; nothing takes effect
	StatusAfter int           `json:"statusAfter,omitempty"` // answer this error status though the effect took place
	Code        string        `json:"code,omitempty"`        // error code of Status and StatusAfter; default that of the status
	RetryAfter  string        `json:"retryAfter,omitempty"`  // Retry-After header for Status and StatusAfter
	DropBefore  bool          `json:"dropBefore,omitempty"`  // close the connection; nothing takes effect
	DropAfter   bool          `json:"dropAfter,omitempty"`   // close the connection after the effect
	Delay       time.Duration `json:"-"`                     // wait first; a client that leaves does not stop the request
	BadJSON     bool          `json:"badJson,omitempty"`     // cut the body of a success in half
}

// codeShape is what an error code of a fault looks like.
var codeShape = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)

// headerShape is what the value of Retry-After looks like.
var headerShape = regexp.MustCompile(`^[ -~]{0,64}$`)

// maxFaultDelay bounds a delay that comes from outside.
const maxFaultDelay = 10 * time.Minute

type plainFault Fault

type faultJSON struct {
	*plainFault
	Delay string `json:"delay,omitempty"`
}

// MarshalJSON writes the delay as text.
func (f Fault) MarshalJSON() ([]byte, error) {
	out := faultJSON{plainFault: (*plainFault)(&f)}
	if f.Delay != 0 {
		out.Delay = f.Delay.String()
	}
	return json.Marshal(out)
}

// UnmarshalJSON refuses unknown fields, statuses outside 400..599, and delays
// outside 0..10 minutes.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var read Fault
	in := faultJSON{plainFault: (*plainFault)(&read)}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("acs: fault: %w", err)
	}
	if in.Delay != "" {
		d, err := time.ParseDuration(in.Delay)
		if err != nil {
			return fmt.Errorf("acs: fault: %w", err)
		}
		read.Delay = d
	}
	if err := read.Check(); err != nil {
		return err
	}
	*f = read
	return nil
}

// Check refuses statuses outside 400..599, delays outside 0..10 minutes, and texts that cannot be sent.
func (f Fault) Check() error {
	for _, status := range []int{f.Status, f.StatusAfter} {
		if status != 0 && (status < 400 || status > 599) {
			return fmt.Errorf("acs: fault: status %d is not in 400..599", status)
		}
	}
	if f.Delay < 0 || f.Delay > maxFaultDelay {
		return fmt.Errorf("acs: fault: delay %s is not in 0s..%s", f.Delay, maxFaultDelay)
	}
	if !headerShape.MatchString(f.RetryAfter) {
		return errors.New("acs: fault: retryAfter is not up to 64 printable ASCII characters: seconds or a date")
	}
	if !codeShape.MatchString(f.Code) {
		return fmt.Errorf("acs: fault: the code is not 1 to 64 letters, digits, dots and dashes")
	}
	return nil
}

func (f Fault) refusal(status int) *refusal {
	ref := plain(status, "The emulator was told to answer this.")
	switch f.Code {
	case "":
	case "IdentityNotOwned":
		ref.code, ref.message = f.Code, notOwned("").message
	default:
		ref.code = f.Code
	}
	ref.retryAfter, ref.reason = f.RetryAfter, "fault"
	return ref
}

func (s *Service) faultBefore(c *call) *refusal {
	c.fault = (*s.fault.Load())(c.op.name)
	if c.fault == (Fault{}) {
		return nil
	}
	s.counts.add("fault")
	emu.Wait(c.fault.Delay, s.done)
	if c.fault.DropBefore {
		panic(http.ErrAbortHandler)
	}
	if c.fault.Status != 0 {
		return c.fault.refusal(c.fault.Status)
	}
	return nil
}

func (s *Service) faultAfter(c *call) *refusal {
	if c.fault.DropAfter {
		panic(http.ErrAbortHandler)
	}
	if c.fault.StatusAfter != 0 {
		return c.fault.refusal(c.fault.StatusAfter)
	}
	return nil
}
