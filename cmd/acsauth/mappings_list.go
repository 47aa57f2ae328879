package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

// shown are the flags of commands that print mappings.
type shown struct {
	ShowUsers bool `help:"Also print issuer and subject of the user, which are personal data."`
	JSON      bool `name:"json" help:"One JSON object on a line."`
}

type mappingsListCommand struct {
	configuredStore
	shown
	State string `help:"Only rows in this state: pending, active or deleting." enum:",pending,active,deleting" default:"" placeholder:"STATE"`
	Limit int64  `help:"Stop after so many rows; 0 lists all. Default: 100." default:"100" placeholder:"N"`
}

// Help is shown by acsauth mappings list --help.
func (mappingsListCommand) Help() string {
	return "A user is named by a hash, the one that logs and the journal have. Rows come in an order of the store's own.\n\n" +
		"Exit codes: 0 listed, 1 failed, 2 the command line or the settings are wrong."
}

// Run lists page by page.
func (k *mappingsListCommand) Run(c cli.Call) (err error) {
	if k.Limit < 0 {
		return cli.Misused(errors.New("--limit is negative"))
	}
	p, err := k.load(c)
	if err != nil {
		return err
	}
	source, store, err := p.source(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	k.heading(c.Stdout)
	printed := int64(0)
	for cursor := ""; ; {
		rows, next, err := source.List(c.Context, cursor, 500)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if k.State != "" && string(row.State) != k.State {
				continue
			}
			if k.Limit > 0 && printed == k.Limit {
				fmt.Fprintf(c.Stderr, "There are more; --limit 0 lists all.\n")
				return nil
			}
			if err := k.print(c.Stdout, row); err != nil {
				return err
			}
			printed++
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

type mappingsFindCommand struct {
	configuredStore
	shown
	Identity string `arg:"" help:"The raw id of the identity, such as 8:acs:RESOURCE_USER."`
}

// Help is shown by acsauth mappings find --help.
func (mappingsFindCommand) Help() string {
	return "Exit codes: 0 found, 1 no user has this identity or it failed, 2 the command line or the settings are wrong."
}

// Run prints the mapping that holds the identity.
func (k *mappingsFindCommand) Run(c cli.Call) (err error) {
	id := acsauth.Identity(k.Identity)
	if !id.Valid() {
		return cli.Misused(errors.New("IDENTITY is not the raw id of an ACS identity; write 8:acs:RESOURCE_USER"))
	}
	p, err := k.load(c)
	if err != nil {
		return err
	}
	store, err := p.openExisting(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	finder, ok := store.(acsauth.Finder)
	if !ok {
		return fmt.Errorf("the store %s: this kind of store cannot look up identities", p.name)
	}
	row, err := finder.Find(c.Context, id)
	if errors.Is(err, acsauth.ErrNotFound) {
		return errors.New("no user has this identity")
	}
	if err != nil {
		return err
	}
	k.heading(c.Stdout)
	return k.print(c.Stdout, row)
}

const rowForm = "%-64s  %-8s  %-88s  %-40s  %s"

func (s shown) heading(w io.Writer) {
	if s.JSON {
		return
	}
	line := fmt.Sprintf(rowForm, "USER", "STATE", "IDENTITY", "RESOURCE", "GENERATION")
	if s.ShowUsers {
		line += "  ISSUER  SUBJECT"
	}
	fmt.Fprintln(w, line)
}

// A jsonRow is a row as --json prints it.
type jsonRow struct {
	User       string           `json:"user"`
	State      acsauth.State    `json:"state"`
	Identity   acsauth.Identity `json:"identity"`
	Resource   string           `json:"resource"`
	Generation int64            `json:"generation"`
	Issuer     string           `json:"issuer,omitempty"`
	Subject    string           `json:"subject,omitempty"`
}

// print writes one row.
func (s shown) print(w io.Writer, m acsauth.Mapping) error {
	row := jsonRow{User: m.Key.Hash(), State: m.State, Identity: m.Identity, Resource: m.Resource, Generation: m.Generation}
	if s.ShowUsers {
		row.Issuer, row.Subject = m.Key.Issuer, m.Key.Subject
	}
	if s.JSON {
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	line := fmt.Sprintf(rowForm, row.User, row.State, plain(string(row.Identity)), plain(row.Resource), strconv.FormatInt(row.Generation, 10))
	if s.ShowUsers {
		line += "  " + plain(row.Issuer) + "  " + plain(row.Subject)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// plain makes a text of a database fit for a terminal.
func plain(s string) string {
	switch {
	case s == "":
		return "-"
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.QuoteToASCII(s)
	}
	return s
}
