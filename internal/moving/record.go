package moving

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth"
)

// The file format: JSON Lines. A header, one line for each mapping, one for
// each journal line, and a footer that tells a complete file from a truncated one.
const (
	fileFormat  = "acsauth-mappings"
	fileVersion = 1
	// maxRecord is the longest line of a file, in bytes without the line break.
	maxRecord = 64 << 10
	// maxKey is the longest issuer and subject, in bytes.
	maxKey = 4096
)

type header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	By      string    `json:"by,omitempty"`
}

type footer struct {
	End      bool   `json:"end"`
	Mappings int64  `json:"mappings"`
	Lines    int64  `json:"lines"`
	SHA256   string `json:"sha256"` // of all bytes before the footer
}

type mappingRecord struct {
	Issuer     string           `json:"issuer"`
	Subject    string           `json:"subject"`
	Identity   acsauth.Identity `json:"identity"`
	Attempt    string           `json:"attempt"`
	Resource   string           `json:"resource"`
	Generation int64            `json:"generation"`
	State      acsauth.State    `json:"state"`
}

type lineRecord struct {
	Line      acsauth.JournalKind `json:"line"`
	User      string              `json:"user"`
	Attempt   string              `json:"attempt"`
	Identity  acsauth.Identity    `json:"identity,omitempty"`
	Resource  string              `json:"resource"`
	Answer    []byte              `json:"answer,omitempty"` // base64
	RequestID string              `json:"requestId,omitempty"`
	Since     time.Time           `json:"since"` // for people: a store sets its own
}

func recordOf(m acsauth.Mapping) mappingRecord {
	return mappingRecord{m.Key.Issuer, m.Key.Subject, m.Identity, m.Attempt, m.Resource, m.Generation, m.State}
}

func (r mappingRecord) mapping() acsauth.Mapping {
	return acsauth.Mapping{Key: acsauth.UserKey{Issuer: r.Issuer, Subject: r.Subject}, State: r.State, Attempt: r.Attempt,
		Identity: r.Identity, Resource: r.Resource, Generation: r.Generation}
}

func lineRecordOf(l acsauth.JournalLine) lineRecord {
	return lineRecord{l.Kind, l.User, l.Attempt, l.Identity, l.Resource, l.Answer, l.RequestID, l.Since}
}

func (r lineRecord) line() acsauth.JournalLine {
	return acsauth.JournalLine{Attempt: r.Attempt, Kind: r.Line, User: r.User, Identity: r.Identity, Resource: r.Resource,
		Answer: r.Answer, RequestID: r.RequestID, Since: r.Since}
}

// check says what is wrong with a mapping from outside, without showing it.
func (r mappingRecord) check() error {
	switch {
	case r.Issuer == "" || len(r.Issuer) > maxKey:
		return errors.New("issuer is not 1 to 4096 bytes")
	case r.Subject == "" || len(r.Subject) > maxKey:
		return errors.New("subject is not 1 to 4096 bytes")
	case !Moves(r.State):
		return errors.New("state is neither active nor deleting")
	case !r.Identity.Valid():
		return errors.New("identity has not the form 8:acs:RESOURCE_USER")
	case r.Generation < 1:
		return errors.New("generation is not 1 or more")
	}
	return checkAttempt(r.Attempt, r.Resource)
}

// check does the same for a journal line.
func (r lineRecord) check() error {
	switch {
	case r.Line != acsauth.Suspect && r.Line != acsauth.Orphan && r.Line != acsauth.Left:
		return errors.New("line is neither suspect, orphan nor left")
	case r.Line != acsauth.Suspect && !r.Identity.Valid():
		return errors.New("identity has not the form 8:acs:RESOURCE_USER")
	case r.User == "" || len(r.User) > maxKey || len(r.RequestID) > maxKey:
		return errors.New("user is not 1 to 4096 bytes, or requestId longer")
	case len(r.Answer) > acsauth.MaxJournalAnswer:
		return errors.New("answer is longer than 4096 bytes")
	}
	return checkAttempt(r.Attempt, r.Resource)
}

func checkAttempt(attempt, resource string) error {
	switch {
	case attempt == "" || len(attempt) > 64:
		return errors.New("attempt is not 1 to 64 bytes")
	case len(resource) > 256:
		return errors.New("resource is longer than 256 bytes")
	}
	return nil
}

// encode writes one record as a line. JSON can hold UTF-8 only, so other bytes are refused.
func encode(record any, texts ...string) ([]byte, error) {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return nil, errors.New("it has a text that is not UTF-8, which a file cannot hold; use acsauth mappings copy")
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return nil, err
	}
	if b.Len() > maxRecord {
		return nil, fmt.Errorf("it is longer than %d KiB", maxRecord>>10)
	}
	return b.Bytes(), nil
}

// decode reads one record, and nothing else. The error repeats nothing of the text.
func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return errors.New("it is not understood")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind it")
	}
	return nil
}
