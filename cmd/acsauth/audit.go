package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/audit"
)

// auditCommand groups what can be done with an audit log.
type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that nothing in an audit log was edited, removed, inserted or moved."`
	Who    auditWhoCommand    `cmd:"" help:"Print the lines of an audit log that are about one user."`
}

// Help is shown by acsauth audit --help.
func (auditCommand) Help() string {
	return "The audit log is the file of ACSAUTH_AUDIT: one line of JSON for each decision. docs/audit.md has the fields and the limits.\n\n" +
		"The key of the log is never a flag: give a file with --key-file, in the form of ACSAUTH_AUDIT_KEYS."
}

type auditVerifyCommand struct {
	Files    []string `arg:"" name:"FILE" help:"The files of one log, oldest first; - is the standard input."`
	KeyFile  string   `help:"File with the keys of the log, as ACSAUTH_AUDIT_KEYS: all that it was written with, in any order." placeholder:"FILE"`
	Head     string   `help:"The hash that the last line must have. Only with it a cut end is found." placeholder:"HASH"`
	After    string   `help:"The hash of the line before the first one, if older files are kept elsewhere." placeholder:"HASH"`
	Partial  bool     `help:"Accept a log that does not begin at its beginning."`
	Restarts bool     `help:"Accept several chains: what several processes wrote to the standard output."`
	JSON     bool     `name:"json" help:"Print the result as one JSON object."`
}

// Help is shown by acsauth audit verify --help.
func (auditVerifyCommand) Help() string {
	return "What cannot be seen: an end that was cut off, without --head; and without a key anything, if who changed the log also computed its hashes anew.\n\n" +
		"Exit codes: 0 the log is good, 1 it is not or could not be read, 2 the command line is wrong."
}

// Run checks the files and prints a summary.
func (k *auditVerifyCommand) Run(c cli.Call) error {
	keys, err := readAuditKeys(k.KeyFile)
	if err != nil {
		return cli.Misused(err)
	}
	inputs, done, err := auditFiles(k.Files)
	if err != nil {
		return cli.Misused(err)
	}
	defer done()
	sum, err := audit.Verify(inputs, audit.VerifyOptions{Keys: keys, Head: k.Head, After: k.After, Partial: k.Partial, Restarts: k.Restarts})
	if err != nil {
		return err
	}
	if err := k.print(c.Stdout, sum); err != nil {
		return err
	}
	if sum.Bad != nil {
		return cli.Said(cli.Failure)
	}
	return nil
}

func (k *auditVerifyCommand) print(w io.Writer, s audit.Summary) error {
	if k.JSON {
		return json.NewEncoder(w).Encode(s)
	}
	fmt.Fprintf(w, "files          %d\nlines          %d\ndecisions      %d\nprocesses      %d, %d of them after one that ended without a stop line\n"+
		"torn places    %d\n", s.Files, s.Lines, s.Decisions, s.Starts, s.Unclean, s.Torn)
	if s.Bad != nil {
		_, err := fmt.Fprintf(w, "NOT good: %s, line %d (byte %d): %s\n", plain(s.Bad.File), s.Bad.Line, s.Bad.Offset, s.Bad.What)
		return err
	}
	fmt.Fprintf(w, "sequence       %d to %d\nhead           %s\n", s.FirstSeq, s.LastSeq, s.Head)
	if s.TornTail {
		fmt.Fprintln(w, "The end is half a line: a crash left it and the next start seals it, or the log is being written right now.")
	}
	if !s.Keyed {
		fmt.Fprintln(w, "There is no key: whoever can write the file can also make such a log anew.")
	}
	if k.Head == "" {
		fmt.Fprintln(w, "Without --head a cut end is not seen.")
	}
	_, err := fmt.Fprintln(w, "good: every line is as it was written and where it was written")
	return err
}

// readAuditKeys reads the key file; no name gives no keys.
func readAuditKeys(path string) ([][]byte, error) {
	if path == "" {
		return nil, nil
	}
	secret, err := readSecretFile(path)
	if err != nil {
		return nil, fmt.Errorf("--key-file: %w", err)
	}
	keys, err := audit.ParseKeys(secret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("--key-file %s: %w", path, err)
	}
	return keys, nil
}

// auditFiles opens the files of a log.
func auditFiles(names []string) (inputs []audit.Input, done func(), err error) {
	var files []*os.File
	done = func() {
		for _, f := range files {
			_ = f.Close() // read only
		}
	}
	for _, name := range names {
		if name == "-" {
			inputs = append(inputs, audit.Input{Name: "standard input", Reader: os.Stdin})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			done()
			return nil, nil, err
		}
		files = append(files, f)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			done()
			return nil, nil, errors.New(name + " is a folder")
		}
		inputs = append(inputs, audit.Input{Name: name, Reader: f})
	}
	return inputs, done, nil
}
