package cosmos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// A fault is an error answer of the service. It holds nothing of the request
// and no text of the answer.
type fault struct {
	status    int
	substatus int
	step      int           // of a batch, from 0
	after     time.Duration // when a repeat may succeed, 0: not told
	activity  string        // x-ms-activity-id, for a support case
}

// statusRetryWith: two writes met, and this one did nothing.
const statusRetryWith = 449

// subOwner: the container or the database does not exist.
const subOwner = 1003

func (f *fault) Error() string {
	text := fmt.Sprintf("the service answered %d.%d (activity %q)", f.status, f.substatus, f.activity)
	switch {
	case f.status == http.StatusTooManyRequests:
		text += ": the request rate is above the throughput of the container: raise its request units"
		if f.after > 0 {
			text += fmt.Sprintf("; free again in %v", f.after)
		}
	case f.status == http.StatusNotFound && f.substatus == subOwner:
		text += ": the container or its database is gone"
	}
	return text
}

// plain turns an error of the SDK into one without addresses, bodies and
// diagnostics. Errors of a context stay in its chain.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		f := &fault{status: r.StatusCode}
		if r.RawResponse != nil {
			f.substatus, _ = strconv.Atoi(r.RawResponse.Header.Get("x-ms-substatus"))
			f.activity = shortID(r.RawResponse.Header.Get("x-ms-activity-id"))
			if ms, err := strconv.Atoi(r.RawResponse.Header.Get("x-ms-retry-after-ms")); err == nil && ms > 0 {
				f.after = time.Duration(min(ms, 60000)) * time.Millisecond
			}
		}
		return f
	}
	if w, ok := errors.AsType[*wireError](err); ok {
		return w
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return ended
		}
	}
	return err
}

func shortID(s string) string { return s[:min(len(s), 64)] }

func isFault(err error, status int) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.status == status
}

// absent: there is no such item. A container that is missing is something else:
// taken for absent rows, it would give every user a new identity.
func absent(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.status == http.StatusNotFound && f.substatus == 0
}

// exists: a create found the id taken.
func exists(err error) bool { return isFault(err, http.StatusConflict) }

// refused: the write surely had no effect, because the item is not as it was
// read, or another write came between.
func refused(err error) bool {
	return absent(err) || exists(err) || isFault(err, http.StatusPreconditionFailed) || isFault(err, statusRetryWith)
}

// passing: a read may be made again.
func passing(err error) bool {
	if _, ok := errors.AsType[*wireError](err); ok {
		return true
	}
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return false
	}
	switch f.status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, statusRetryWith, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusGone:
		return true
	}
	return false
}

// A notDone is the error of a write that was never sent.
type notDone struct{ error }

func (e notDone) Unwrap() error { return e.error }

// undone: the write surely had no effect.
func undone(err error) bool {
	if _, ok := errors.AsType[notDone](err); ok || refused(err) {
		return true
	}
	if w, ok := errors.AsType[*wireError](err); ok {
		return w.unsent
	}
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return false
	}
	switch f.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return true
	}
	return false
}
