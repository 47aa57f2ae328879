package cosmos

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
)

// Partition keys and ids. The partition of a user has the hash of the user's key.
const (
	rowID         = "m"
	linePrefix    = "j:" // + attempt in base64url
	guardID       = "g"  // see guard
	lockPrefix    = "lock:"
	lockID        = "lock"
	metaPartition = "meta"
	schemaID      = "schema"
)

// The kinds of items that are no lines. Lines have the kinds of the journal.
const (
	kindRow    = "row"
	kindLock   = "lock"
	kindGuard  = "guard"
	kindSchema = "schema"
)

func lineID(attempt string) string {
	return linePrefix + base64.RawURLEncoding.EncodeToString([]byte(attempt))
}

func lockKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return lockPrefix + hex.EncodeToString(sum[:])
}

// A text is a string of any bytes. JSON holds Unicode only, so all else is written in base64.
type text string

const inBase64 = "base64:"

// MarshalJSON implements [json.Marshaler].
func (t text) MarshalJSON() ([]byte, error) {
	s := string(t)
	if !utf8.ValidString(s) || strings.HasPrefix(s, inBase64) {
		s = inBase64 + base64.StdEncoding.EncodeToString([]byte(s))
	}
	return json.Marshal(s)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	coded, ok := strings.CutPrefix(s, inBase64)
	if ok {
		plain, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			return err
		}
		s = string(plain)
	}
	*t = text(s)
	return nil
}

// An item is what the container holds. Numbers that may be large are written
// as strings: the service keeps numbers as doubles.
type item struct {
	ID   string `json:"id"`
	Key  string `json:"key"`
	Kind string `json:"kind"`

	// Of a row.
	State      string `json:"state,omitempty"`
	Identity   text   `json:"identity,omitempty"`
	Issuer     text   `json:"issuer,omitempty"`
	Subject    text   `json:"subject,omitempty"`
	Generation int64  `json:"generation,string,omitempty"`

	// Of a row or a line.
	Attempt  text `json:"attempt,omitempty"`
	Resource text `json:"resource,omitempty"`

	// Of a line. Its identity has a name of its own: only rows are looked up by it.
	Of        text   `json:"of,omitempty"`
	Answer    []byte `json:"answer,omitempty"`
	RequestID text   `json:"requestId,omitempty"`
	Since     int64  `json:"since,string,omitempty"` // Unix seconds; 0: the moment of the write

	// Of a row or a lock: nanoseconds from the write on.
	Lease int64 `json:"lease,string,omitempty"`

	Holder   text   `json:"holder,omitempty"`   // of a lock
	Version  int    `json:"version,omitempty"`  // of the schema
	Database string `json:"database,omitempty"` // of the schema: random id of the container

	// Set by the service.
	Written int64       `json:"_ts,omitempty"` // Unix seconds
	ETag    azcore.ETag `json:"_etag,omitempty"`
}

// errUnreadable is the error of an item that this program did not write.
var errUnreadable = errors.New("an item of the container is not of the form that this program writes")

func decode(text []byte) (*item, error) {
	i := &item{}
	if json.Unmarshal(text, i) != nil || i.Written <= 0 {
		return nil, errUnreadable
	}
	return i, nil
}

// encode never fails: there is nothing in an item that JSON cannot hold.
func (i item) encode() []byte {
	i.Written, i.ETag = 0, ""
	text, err := json.Marshal(i)
	if err != nil {
		panic("cosmos: an item that cannot be written: " + err.Error())
	}
	return text
}

func rowItem(m acsauth.Mapping) item {
	return item{ID: rowID, Key: m.Key.Hash(), Kind: kindRow, State: string(m.State), Identity: text(m.Identity),
		Issuer: text(m.Key.Issuer), Subject: text(m.Key.Subject), Generation: m.Generation,
		Attempt: text(m.Attempt), Resource: text(m.Resource), Lease: int64(m.Lease)}
}

// mapping reads a row as it is at a moment of the clock of the service.
func (i *item) mapping(now time.Time) (acsauth.Mapping, error) {
	m := acsauth.Mapping{Key: acsauth.UserKey{Issuer: string(i.Issuer), Subject: string(i.Subject)}, State: acsauth.State(i.State),
		Attempt: string(i.Attempt), Identity: acsauth.Identity(i.Identity), Resource: string(i.Resource), Generation: i.Generation, Lease: i.left(now)}
	if i.ID != rowID || i.Kind != kindRow || m.Key.Hash() != i.Key || checkRow(m) != nil {
		return acsauth.Mapping{}, errUnreadable
	}
	return m, nil
}

// left is how much of a lease is left. Both moments are of the clocks of the service, in full seconds.
func (i *item) left(now time.Time) time.Duration {
	return time.Unix(i.Written, 0).Add(time.Duration(i.Lease)).Sub(now)
}

func lineItem(l acsauth.JournalLine) item {
	return item{ID: lineID(l.Attempt), Key: l.User, Kind: string(l.Kind), Of: text(l.Identity), Attempt: text(l.Attempt),
		Resource: text(l.Resource), Answer: l.Answer, RequestID: text(l.RequestID)}
}

// line reads a line of the journal.
func (i *item) line() (acsauth.JournalLine, error) {
	l := acsauth.JournalLine{Attempt: string(i.Attempt), Kind: acsauth.JournalKind(i.Kind), User: i.Key, Identity: acsauth.Identity(i.Of),
		Resource: string(i.Resource), Answer: i.Answer, RequestID: string(i.RequestID), Since: time.Unix(i.since(), 0).UTC()}
	if i.ID != lineID(l.Attempt) || checkLine(&l) != nil {
		return acsauth.JournalLine{}, errUnreadable
	}
	return l, nil
}

// since is when the line was first written.
func (i *item) since() int64 {
	if i.Since != 0 {
		return i.Since
	}
	return i.Written
}
