package moving

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Export writes all rows and lines of o.Source to w. Of the options, Source,
// Meter and Note count.
func Export(ctx context.Context, o Options, w io.Writer, by string) (Tally, error) {
	e := &exporter{o: o, out: bufio.NewWriter(w), sum: sha256.New()}
	if err := e.begin(by); err != nil {
		return Tally{}, err
	}
	err := e.all(ctx)
	return e.at.Tally, err
}

// ExportFile writes the file at path, which must not exist, readable by its
// owner only. Until it is complete it is called path.partial; a run that was cut short goes on there.
func ExportFile(ctx context.Context, o Options, path, by string) (Tally, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return Tally{}, fmt.Errorf("%s: %w; name another file", path, fs.ErrExist)
	}
	if o.Checkpoint == "" {
		o.Checkpoint = path + ".checkpoint"
	}
	at, resumed, err := loadCheckpoint(o.Checkpoint, o.Pair)
	if err != nil {
		return Tally{}, err
	}
	partial := path + ".partial"
	f, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return Tally{}, err
	}
	defer f.Close()
	e := &exporter{o: o, file: f, sum: sha256.New(), at: at}
	if err := e.takeUp(resumed, by); err != nil {
		return Tally{}, err
	}
	if err := e.all(ctx); err != nil {
		return e.at.Tally, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return e.at.Tally, err
	}
	if err := errors.Join(os.Rename(partial, path), syncDir(path)); err != nil {
		return e.at.Tally, err
	}
	return e.at.Tally, dropCheckpoint(o.Checkpoint)
}

// An exporter writes one file.
type exporter struct {
	o    Options
	file *os.File // nil: not a file, and no checkpoint
	out  *bufio.Writer
	sum  hash.Hash // over what was written
	at   checkpoint
}

// takeUp goes on behind what the checkpoint vouches for, or begins anew.
func (e *exporter) takeUp(resumed bool, by string) error {
	info, err := e.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", e.file.Name())
	}
	if resumed && info.Size() < e.at.Bytes {
		return fmt.Errorf("%s is shorter than its checkpoint says; delete both and begin anew", e.file.Name())
	}
	if err := errors.Join(e.file.Chmod(0o600), e.file.Truncate(e.at.Bytes)); err != nil {
		return err
	}
	if _, err := io.Copy(e.sum, e.file); err != nil { // leaves the position at the end
		return err
	}
	e.out = bufio.NewWriter(e.file)
	if e.at.Bytes > 0 {
		e.at.Tally.Resumed = true
		return nil
	}
	return e.begin(by)
}

func (e *exporter) begin(by string) error {
	return e.record(header{Format: fileFormat, Version: fileVersion, Made: time.Now().UTC().Truncate(time.Second), By: by})
}

// all writes rows, lines and the footer.
func (e *exporter) all(ctx context.Context) error {
	if err := e.rows(ctx); err != nil {
		return err
	}
	e.o.Meter.start("journal", 0, acsauth.NotCounted)
	lines := int64(0)
	left, err := e.o.Source.Journal(ctx, false, func(l acsauth.JournalLine) (bool, error) {
		lines++
		e.o.Meter.add(1)
		if err := e.record(lineRecordOf(l), l.User, l.Attempt, string(l.Identity), l.Resource, l.RequestID); err != nil {
			return false, fmt.Errorf("the journal line of attempt %q: %w", l.Attempt, err)
		}
		return true, nil
	})
	e.at.Tally.Lines, e.at.Tally.Left = lines, left
	if err != nil {
		return err
	}
	f := footer{End: true, Mappings: e.at.Tally.Added, Lines: lines, SHA256: hex.EncodeToString(e.sum.Sum(nil))}
	return errors.Join(e.record(f), e.out.Flush())
}

// rows writes the mappings, and a checkpoint behind each page.
func (e *exporter) rows(ctx context.Context) error {
	total, err := e.o.Source.Total(ctx)
	if err != nil {
		return fmt.Errorf("cannot count the source: %w", err)
	}
	e.o.Meter.start("exporting", e.at.Tally.Added+e.at.Tally.Pending, total)
	if e.at.Rows {
		return nil
	}
	return e.o.pages(ctx, e.at.Cursor, func(rows []acsauth.Mapping, next string) error {
		for _, row := range rows {
			if err := e.row(row); err != nil {
				return fmt.Errorf("the row of user %s: %w", row.Key.Hash(), err)
			}
		}
		e.o.Meter.add(int64(len(rows)))
		e.at.Cursor, e.at.Rows = next, next == ""
		return e.save()
	})
}

func (e *exporter) row(m acsauth.Mapping) error {
	t := &e.at.Tally
	if !Moves(m.State) {
		t.Pending++
		if e.o.Note != nil {
			e.o.Note(Note{m.Key.Hash(), "passed over: an identity is being made for the user (pending)"})
		}
		return nil
	}
	t.Added++
	if m.State == acsauth.Deleting {
		t.Deleting++
	}
	return e.record(recordOf(m), m.Key.Issuer, m.Key.Subject, string(m.Identity), m.Attempt, m.Resource)
}

// save makes what was written durable, and then says so.
func (e *exporter) save() error {
	if e.file == nil {
		return nil
	}
	if err := errors.Join(e.out.Flush(), e.file.Sync()); err != nil {
		return err
	}
	var err error
	if e.at.Bytes, err = e.file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	return e.at.save(e.o.Checkpoint)
}

// record writes one line.
func (e *exporter) record(r any, texts ...string) error {
	text, err := encode(r, texts...)
	if err != nil {
		return err
	}
	e.sum.Write(text) // a hash never fails to write
	_, err = e.out.Write(text)
	return err
}
