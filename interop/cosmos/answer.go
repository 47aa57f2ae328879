package cosmos

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// An answer is what is sent back.
type answer struct {
	status    int
	substatus int
	header    http.Header
	body      any // nil: none
}

func reply(status int, body any) *answer {
	return &answer{status: status, header: http.Header{}, body: body}
}

// refuse is an error answer.
func refuse(status int, code, message string) *answer {
	return reply(status, map[string]string{"code": code, "message": message})
}

func badRequest(message string) *answer { return refuse(http.StatusBadRequest, "BadRequest", message) }

func notFound() *answer {
	return refuse(http.StatusNotFound, "NotFound", "Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found")
}

// ownerNotFound: the database or the container does not exist.
func ownerNotFound() *answer {
	a := refuse(http.StatusNotFound, "NotFound", "Owner resource does not exist")
	a.substatus = 1003
	return a
}

func conflict() *answer {
	return refuse(http.StatusConflict, "Conflict", "Resource with specified id or name already exists.")
}

func preconditionFailed() *answer {
	return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "One of the specified pre-condition is not met")
}

func (a *answer) failed() bool { return a.status >= 400 }

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.failed() || a.substatus != 0 {
		w.Header().Set("x-ms-substatus", strconv.Itoa(a.substatus))
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // the client may be gone
}
