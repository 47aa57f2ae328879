package storetest

import (
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	sampleIssuer   = "https://login.example/00000000-0000-0000-0000-00000000000a/v2.0"
	sampleResource = "11111111-2222-3333-4444-555555555555"
)

func sampleKey(subject string) acsauth.UserKey {
	return acsauth.UserKey{Issuer: sampleIssuer, Subject: subject}
}

func sampleID(name string) acsauth.Identity {
	return acsauth.Identity("8:acs:" + sampleResource + "_" + name)
}

// pendingRow is a fresh intent with a lease that outlasts every check.
func pendingRow(subject, attempt string) acsauth.Mapping {
	return acsauth.Mapping{Key: sampleKey(subject), State: acsauth.Pending, Attempt: attempt,
		Resource: sampleResource, Generation: 1, Lease: time.Hour}
}

// activeRow is a row that has its identity.
func activeRow(subject, attempt, id string) acsauth.Mapping {
	row := pendingRow(subject, attempt)
	row.State, row.Identity = acsauth.Active, sampleID(id)
	return row
}

// in returns the row in another state.
func in(state acsauth.State, row acsauth.Mapping) acsauth.Mapping {
	row.State = state
	return row
}

// suspectOf is the line that a take-over of row writes.
func suspectOf(row acsauth.Mapping) acsauth.JournalLine {
	return acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Suspect, User: row.Key.Hash(),
		Resource: row.Resource, RequestID: "request of " + row.Attempt}
}

// orphanOf is the line of an identity that lost its row.
func orphanOf(row acsauth.Mapping, id string) acsauth.JournalLine {
	line := suspectOf(row)
	line.Kind, line.Identity = acsauth.Orphan, sampleID(id)
	return line
}

// oddKeys are pairwise different, and alike to whoever folds, trims, normalizes or truncates.
func oddKeys() []acsauth.UserKey {
	long := strings.Repeat("s", 599)
	subjects := []string{
		"user", "User", "USER", "user ", " user", "user\t", "user\n", "user.", "us er",
		"stra\u00dfe", "strasse", "STRASSE", "\u0131d", "id", "Id", "\u0130d",
		"\u00e9", "e\u0301", "\uff41", "a", "\u212a", "k", "K",
		"\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F468", "\u202euser", "\u200buser", "\ufeffuser", "\u0645\u0633\u062a\u062e\u062f\u0645",
		"a/b", "a%2Fb", "a%2fb", `a\b`, "a#b", "a?b", "a'b", "a''b", `a"b`, "a;b", "a--b", "a_b", "a%b", "*", "[user]", "$1", "{}", "\x01", "\x7f",
		long + "1", long + "2", "0", "00", "1e3", "1000", "null", "NULL", "true",
	}
	keys := []acsauth.UserKey{
		{Issuer: "ab", Subject: "c"}, {Issuer: "a", Subject: "bc"}, {Issuer: "https://Login.example/v2.0", Subject: "user"},
		{Issuer: "https://login.example/v2.0", Subject: "user"}, {Issuer: "https://login.example/v2.0/", Subject: "user"},
	}
	for _, s := range subjects {
		keys = append(keys, sampleKey(s))
	}
	return keys
}
