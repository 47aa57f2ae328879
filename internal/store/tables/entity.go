package tables

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// The keys of the table. The partitions of users come first, so that listing
// them reads nothing else: hexadecimal digits sort before all other names here.
const (
	hashLen       = 64
	databaseLen   = 16
	behindHashes  = "g"      // sorts behind every hash
	claimPrefix   = "i-"     // + hash of an identity: row keys are hashes of users
	lockPartition = "lock"   // row keys are hashes of names
	metaPartition = "meta"   // one row, the mark of the table
	schemaRow     = "schema" //
	openPartition = "open"   // row keys are hashes of users: the index of unfinished rows, suspects and orphans
	leftPartition = "left"   // row keys are hashes of users: the index of the lines of kind Left, which stay for ever
	mappingRow    = "m"      // in the partition of a user
	linePrefix    = "j:"     // + attempt in hexadecimal, in the partition of a user
)

// homeOf is the index that must find a line of a kind.
func homeOf(kind acsauth.JournalKind) string {
	if kind == acsauth.Left {
		return leftPartition
	}
	return openPartition
}

func lineRow(attempt string) string { return linePrefix + hex.EncodeToString([]byte(attempt)) }

func claimPartition(id acsauth.Identity) string {
	sum := sha256.Sum256([]byte(id))
	return claimPrefix + hex.EncodeToString(sum[:])
}

// A row is a stored mapping. Its Lease is set by the reader.
type row struct {
	acsauth.Mapping
	ends  time.Time   // when the lease is over
	etag  azcore.ETag // of the row, if it was read alone
	open  azcore.ETag // of the entry in the index, if this row alone relies on it
	claim azcore.ETag // of the entry of its identity
	write string      // id of the write that made it
}

func (r *row) encode() ([]byte, error) {
	return entity(r.Key.Hash(), mappingRow, map[string]any{
		"Issuer": aztables.EDMBinary(r.Key.Issuer), "Subject": aztables.EDMBinary(r.Key.Subject),
		"State": string(r.State), "Attempt": r.Attempt, "Identity": string(r.Identity), "Resource": r.Resource,
		"Generation": aztables.EDMInt64(r.Generation), "Lease": aztables.EDMInt64(r.Lease),
		"Open": string(r.open), "Claim": string(r.claim), "Write": r.write,
	})
}

// errUnreadable is the error of an entity that this program did not write.
var errUnreadable = errors.New("an entity of the table is not of the form that this program writes")

// fields reads properties and notes whether all had the right type.
type fields struct {
	aztables.EDMEntity
	bad bool
}

func field[T any](f *fields, name string) (v T) {
	v, ok := f.Properties[name].(T)
	f.bad = f.bad || !ok
	return v
}

func text(f *fields, name string) string { return field[string](f, name) }

func decodeRow(e aztables.EDMEntity) (*row, error) {
	f := &fields{EDMEntity: e}
	r := &row{
		Mapping: acsauth.Mapping{
			Key:   acsauth.UserKey{Issuer: string(field[aztables.EDMBinary](f, "Issuer")), Subject: string(field[aztables.EDMBinary](f, "Subject"))},
			State: acsauth.State(text(f, "State")), Attempt: text(f, "Attempt"), Identity: acsauth.Identity(text(f, "Identity")),
			Resource: text(f, "Resource"), Generation: int64(field[aztables.EDMInt64](f, "Generation")),
		},
		open: azcore.ETag(text(f, "Open")), claim: azcore.ETag(text(f, "Claim")), write: text(f, "Write"),
	}
	r.ends = time.Time(e.Timestamp).Add(time.Duration(field[aztables.EDMInt64](f, "Lease")))
	if f.bad || r.Key.Hash() != e.PartitionKey || time.Time(e.Timestamp).IsZero() {
		return nil, errUnreadable
	}
	return r, nil
}

// at returns the mapping as it is at a moment of the clock of the service.
func (r *row) at(now time.Time) acsauth.Mapping {
	m := r.Mapping
	m.Lease = r.ends.Sub(now)
	return m
}

// unfinished reports whether the row must be in the index.
func unfinished(m acsauth.Mapping) bool { return m.State != acsauth.Active }

// A line is a stored line of the journal.
type line struct {
	acsauth.JournalLine
	etag  azcore.ETag // of the line, if it was read alone
	open  azcore.ETag // of the entry in the index, if this line alone relies on it
	known bool        // Since is known; else it is the moment of the write
}

func (l *line) encode() ([]byte, error) {
	properties := map[string]any{
		"Kind": string(l.Kind), "Attempt": aztables.EDMBinary(l.Attempt), "Identity": string(l.Identity), "Resource": l.Resource,
		"Answer": aztables.EDMBinary(l.Answer), "RequestID": l.RequestID, "Open": string(l.open),
	}
	if l.known {
		properties["Since"] = aztables.EDMInt64(l.Since.UnixNano())
	}
	return entity(l.User, lineRow(l.Attempt), properties)
}

func decodeLine(e aztables.EDMEntity) (*line, error) {
	f := &fields{EDMEntity: e}
	l := &line{
		JournalLine: acsauth.JournalLine{
			Attempt: string(field[aztables.EDMBinary](f, "Attempt")), Kind: acsauth.JournalKind(text(f, "Kind")), User: e.PartitionKey,
			Identity: acsauth.Identity(text(f, "Identity")), Resource: text(f, "Resource"), Answer: field[aztables.EDMBinary](f, "Answer"),
			RequestID: text(f, "RequestID"), Since: time.Time(e.Timestamp).UTC(),
		},
		open: azcore.ETag(text(f, "Open")), known: true,
	}
	if since, ok := e.Properties["Since"].(aztables.EDMInt64); ok {
		l.Since = time.Unix(0, int64(since)).UTC()
	}
	if f.bad || lineRow(l.Attempt) != e.RowKey || l.Since.IsZero() {
		return nil, errUnreadable
	}
	return l, nil
}

// decode reads an entity of the partition of a user into v.
func (v *view) decode(e aztables.EDMEntity) (err error) {
	switch {
	case e.RowKey == mappingRow:
		v.row, err = decodeRow(e)
	case strings.HasPrefix(e.RowKey, linePrefix):
		var l *line
		if l, err = decodeLine(e); err == nil {
			v.lines = append(v.lines, l.JournalLine)
		}
	}
	return err
}
