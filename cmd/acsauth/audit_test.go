package main

import (
	"context"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/audit"
)

// auditLogCommand writes a small audit log: auditlog FILE [KEYFILE]
func auditLogCommand(ts *testscript.TestScript, _ bool, args []string) {
	var keys [][]byte
	if len(args) > 1 {
		text, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Check(err)
		keys, err = audit.ParseKeys(string(text))
		ts.Check(err)
	}
	log, err := audit.Open(audit.Options{Path: ts.MkAbs(args[0]), Keys: keys})
	ts.Check(err)
	for _, subject := range []string{"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"} {
		ts.Check(log.Record(context.Background(), audit.Event{RequestID: "of-" + subject[len(subject)-1:], Operation: "getToken", Outcome: audit.Allowed, Status: 200,
			Caller: acsauth.Caller{Key: acsauth.UserKey{Issuer: "https://login.example/v2.0", Subject: subject}}}))
	}
	ts.Check(log.Close())
}
