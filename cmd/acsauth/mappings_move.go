package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/moving"
)

// A journey is one run of copy or import.
type journey struct {
	Checkpoint          string `help:"File that says how far the run is; the same command goes on from there. Default: a name of its own for each pair of stores, in the current folder." placeholder:"FILE"`
	Concurrency         int    `help:"How many rows are written at a time, 1 to 256. Default: 32." default:"32" placeholder:"N"`
	DryRun              bool   `help:"Say what would be done, and write no row. A database server is opened as by the service, which makes its tables."`
	Verify              bool   `help:"In the end, read all rows of both sides again and compare them. On by default." default:"true" negatable:""`
	AllowPartialJournal bool   `help:"Take it for a success if the source has more journal lines than can be listed."`
	Quiet               bool   `help:"No progress."`
}

const moveHelp = "Nothing in the target is overwritten: a row that is there already counts as done, one with another identity is a conflict, " +
	"which is named and left as it is. So a run may be repeated, and one that was cut short goes on where it was. " +
	"Attempts under way (pending) are passed over; a deletion under way is carried over as such, and the service on the target finishes it.\n\n"

const moveCodes = "Exit codes: 0 the target has everything, 1 failed, or there are conflicts or differences, 2 the command line or the settings are wrong."

type mappingsCopyCommand struct {
	Config         string `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
	From           string `required:"" help:"Store to read from." placeholder:"DSN"`
	To             string `required:"" help:"Store to write to. It may hold mappings already." placeholder:"DSN"`
	FromSecretFile string `help:"File with the password or key of the store to read from." placeholder:"FILE"`
	ToSecretFile   string `help:"File with the password or key of the store to write to." placeholder:"FILE"`
	MoveJournal    bool   `help:"Take journal lines away from the source once they are in the target. Needed only if there are more than 1000 of a kind."`
	journey
}

// Help is shown by acsauth mappings copy --help.
func (mappingsCopyCommand) Help() string {
	return "For example: acsauth mappings copy --from sqlite:acsauth.db --to postgres://acsauth@db/acsauth --to-secret-file password.txt\n\n" +
		"Stop the service first, or let it use the target already; see docs/moving.md. " + moveHelp +
		"The secret of the store that ACSAUTH_STORE names is taken from ACSAUTH_STORE_SECRET or ACSAUTH_STORE_SECRET_FILE.\n\n" + moveCodes
}

// Run copies and compares.
func (k *mappingsCopyCommand) Run(c cli.Call) (err error) {
	base, err := configuredStore{Config: k.Config}.load(c)
	if err != nil {
		return err
	}
	from, err1 := base.another("--from", k.From, k.FromSecretFile)
	to, err2 := base.another("--to", k.To, k.ToSecretFile)
	if err := errors.Join(err1, err2); err != nil {
		return cli.Misused(err)
	}
	if from.full() == to.full() {
		return cli.Misused(errors.New("--from and --to name the same store"))
	}
	source, store, err := from.source(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	o := moving.Options{Source: source, Pair: moving.Pair(from.full(), to.full()), MoveJournal: k.MoveJournal}
	return k.travel(c, to, o, "acsauth-copy-")
}

type mappingsImportCommand struct {
	configuredStore
	File string `arg:"" help:"A file of acsauth mappings export."`
	journey
}

// Help is shown by acsauth mappings import --help.
func (mappingsImportCommand) Help() string {
	return "The whole file is checked before anything is written: a truncated or damaged one is refused. It is read twice, so it cannot be a pipe. " + moveHelp + moveCodes
}

// Run checks the file, imports and compares.
func (k *mappingsImportCommand) Run(c cli.Call) (err error) {
	to, err := k.load(c)
	if err != nil {
		return err
	}
	file, err := moving.OpenFile(c.Context, k.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	o := moving.Options{Source: file, Pair: moving.Pair("file:"+file.Digest(), to.full())}
	return k.travel(c, to, o, "acsauth-import-")
}

// travel carries everything from a source to a place.
func (j journey) travel(c cli.Call, to place, o moving.Options, prefix string) (err error) {
	if j.Concurrency < 1 || j.Concurrency > moving.MaxConcurrency {
		return cli.Misused(fmt.Errorf("--concurrency is %d and may be 1 to %d", j.Concurrency, moving.MaxConcurrency))
	}
	if o.Checkpoint = j.Checkpoint; o.Checkpoint == "" {
		o.Checkpoint = prefix + o.Pair[:12] + ".checkpoint"
	}
	if !j.DryRun || to.exists() {
		store, err := to.open(c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		o.Target = to.target(store)
	}
	s := newScreen(c, j.Quiet)
	defer s.stop()
	o.Meter, o.Note, o.Concurrency, o.DryRun = s.meter, s.note, j.Concurrency, j.DryRun
	tally, err := moving.Copy(c.Context, o)
	if err != nil {
		return j.cutShort(c, s, o, err)
	}
	s.newPhase()
	var verdict moving.Verdict
	if j.Verify && !j.DryRun {
		if verdict, err = moving.Verify(c.Context, o); err != nil {
			return j.cutShort(c, s, o, err)
		}
	}
	s.stop()
	if !j.DryRun {
		if err := o.Finish(); err != nil {
			return err
		}
	}
	return j.report(c, tally, verdict, o.Target.Store)
}

// cutShort tells how to go on.
func (j journey) cutShort(c cli.Call, s *screen, o moving.Options, err error) error {
	s.stop()
	if errors.Is(err, moving.ErrOtherPair) {
		return cli.Misused(err)
	}
	if !j.DryRun {
		path, _ := filepath.Abs(o.Checkpoint)
		fmt.Fprintf(c.Stderr, "Not complete. The same command goes on where this one stopped (%s).\n", path)
	}
	if c.Context.Err() != nil {
		return errors.New("stopped by a signal")
	}
	return err
}

// report says what was done, and fails if that is not everything.
func (j journey) report(c cli.Call, t moving.Tally, v moving.Verdict, store acsauth.Store) error {
	w := c.Stdout
	if j.DryRun {
		fmt.Fprintln(w, "Dry run: nothing was written. It would be:")
	}
	if t.Resumed {
		fmt.Fprintln(w, "Went on from a run that was cut short; these are the numbers of both.")
	}
	fmt.Fprintf(w, "new            %d\nalready there  %d\nconflicts      %d\n", t.Added, t.Present, t.Conflicts)
	fmt.Fprintf(w, "passed over    %d (pending)\njournal lines  %d\n", t.Pending, t.Lines)
	if t.Deleting > 0 {
		fmt.Fprintf(w, "Of these, %d are being deleted; the service on the target goes on with that.\n", t.Deleting)
	}
	if t.Refused > 0 {
		fmt.Fprintf(w, "%d journal lines were not carried: they call an identity ownerless that belongs to a user of the target.\n", t.Refused)
	}
	failed := t.Conflicts > 0 || t.Refused > 0 || leftBehind(c, t.Left, j.AllowPartialJournal)
	if j.Verify && !j.DryRun {
		failed = !reportVerdict(c, v, store) || failed
	}
	if failed {
		return cli.Said(cli.Failure)
	}
	return nil
}

// leftBehind tells of journal lines that could not be listed, and reports whether that is a failure.
func leftBehind(c cli.Call, left int64, allowed bool) bool {
	if left == 0 {
		return false
	}
	fmt.Fprintf(c.Stdout, "%d journal lines are left in the source: no more than 1000 of a kind can be listed at a time. "+
		"acsauth mappings copy --move-journal carries them all.\n", left)
	return !allowed
}

// reportVerdict says what the comparison found, and whether it is good.
func reportVerdict(c cli.Call, v moving.Verdict, store acsauth.Store) bool {
	if v.Complete() {
		fmt.Fprintf(c.Stdout, "verified: source %d, target has all %d, equal\n", v.Rows, v.Equal)
	} else {
		fmt.Fprintf(c.Stdout, "NOT equal: source %d, target has %d of them; %d missing, %d different\n", v.Rows, v.Equal, v.Missing, v.Differ)
	}
	if n, err := store.Counts(c.Context); err == nil && n.Active != acsauth.NotCounted && n.Active+n.Deleting > v.Equal {
		fmt.Fprintf(c.Stdout, "The target holds %d more mappings.\n", n.Active+n.Deleting-v.Equal)
	}
	return v.Complete()
}
