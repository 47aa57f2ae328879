package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/moving"
)

type mappingsExportCommand struct {
	configuredStore
	File                string `arg:"" help:"File to write, which must not exist yet; - is the standard output."`
	AllowPartialJournal bool   `help:"Take it for a success if the store has more journal lines than can be listed."`
	Quiet               bool   `help:"No progress."`
}

// Help is shown by acsauth mappings export --help.
func (mappingsExportCommand) Help() string {
	return "The file holds personal data (issuer and subject of each user) and is readable by its owner only. It has one JSON object on " +
		"a line; the last one tells a complete file from a truncated one. Until it is complete it is called FILE.partial, and the same command " +
		"goes on with it. Attempts under way (pending) are passed over.\n\n" +
		"Exit codes: 0 complete, 1 failed, 2 the command line or the settings are wrong."
}

// Run writes the file.
func (k *mappingsExportCommand) Run(c cli.Call) (err error) {
	p, err := k.load(c)
	if err != nil {
		return err
	}
	source, store, err := p.source(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s := newScreen(c, k.Quiet)
	defer s.stop()
	o := moving.Options{Source: source, Meter: s.meter, Note: s.note}
	tally, err := k.write(c, p, o)
	s.stop()
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, moving.ErrOtherPair):
		return cli.Misused(err)
	case err != nil && k.File != "-":
		fmt.Fprintf(c.Stderr, "Not complete. The same command goes on where this one stopped.\n")
		return err
	case err != nil:
		return err
	}
	// The standard output may be the file itself.
	fmt.Fprintf(c.Stderr, "exported %d mappings and %d journal lines; passed over %d (pending)\n", tally.Added, tally.Lines, tally.Pending)
	c.Stdout = c.Stderr
	if leftBehind(c, tally.Left, k.AllowPartialJournal) {
		return cli.Said(cli.Failure)
	}
	return nil
}

func (k *mappingsExportCommand) write(c cli.Call, p place, o moving.Options) (moving.Tally, error) {
	by := cli.Version("acsauth")
	if k.File == "-" {
		return moving.Export(c.Context, o, c.Stdout, by)
	}
	path, err := filepath.Abs(k.File)
	if err != nil {
		return moving.Tally{}, err
	}
	o.Pair = moving.Pair(p.full(), "file:"+path)
	return moving.ExportFile(c.Context, o, path, by)
}
