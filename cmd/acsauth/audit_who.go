package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/audit"
)

type auditWhoCommand struct {
	Files       []string `arg:"" name:"FILE" help:"Files of the log."`
	KeyFile     string   `help:"File with the keys of the log, as ACSAUTH_AUDIT_KEYS." required:"" placeholder:"FILE"`
	Issuer      string   `help:"The issuer of the user's key: for Entra ID https://login.microsoftonline.com/TENANT/v2.0." required:"" placeholder:"URL"`
	SubjectFile string   `help:"File with the subject (for Entra ID the oid of the user); - is the standard input." required:"" placeholder:"FILE"`
}

// Help is shown by acsauth audit who --help.
func (auditWhoCommand) Help() string {
	return "For the answer to a person who asks what is recorded. The subject is personal data and therefore not a flag. " +
		"The lines are not verified; acsauth audit verify does that.\n\n" +
		"Exit codes: 0 there are lines, 1 there are none or it failed, 2 the command line is wrong."
}

// Run prints the lines as they are in the log.
func (k *auditWhoCommand) Run(c cli.Call) error {
	keys, err := readAuditKeys(k.KeyFile)
	if err != nil {
		return cli.Misused(err)
	}
	subject, err := readSubject(k.SubjectFile)
	if err != nil {
		return cli.Misused(fmt.Errorf("--subject-file: %w", err))
	}
	inputs, done, err := auditFiles(k.Files)
	if err != nil {
		return cli.Misused(err)
	}
	defer done()
	lines := 0
	for _, in := range inputs {
		err := audit.Who(in, keys, acsauth.UserKey{Issuer: k.Issuer, Subject: subject}, func(text []byte) error {
			lines++
			_, err := fmt.Fprintf(c.Stdout, "%s\n", text)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	if lines == 0 {
		return errors.New("no line is about this user; check issuer, subject and key")
	}
	return nil
}

// readSubject reads the one line of the file.
func readSubject(path string) (string, error) {
	const most = 1 << 10
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	subject := strings.TrimRight(string(text), "\r\n")
	switch {
	case err != nil:
		return "", err
	case len(text) > most || strings.ContainsAny(subject, "\r\n"):
		return "", errors.New("it is more than one line, or longer than 1 KiB")
	case subject == "":
		return "", errors.New("it is empty")
	}
	return subject, nil
}
