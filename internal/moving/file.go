package moving

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/acs-solutions/acsauth"
)

// A File is a checked file of mappings, as a Source. Its cursors are byte offsets.
type File struct {
	f     backing
	start int64 // of the first record
	lines int64 // offset of the first journal line
	end   int64 // offset of the footer
	foot  footer
}

// A backing is where a File is read from.
type backing interface {
	io.ReaderAt
	io.Closer
}

// OpenFile reads the file at path from end to end and checks it: nothing of a file
// that is truncated, damaged or of another kind is ever used. The caller closes it.
func OpenFile(ctx context.Context, path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file := &File{f: f}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is not a regular file")
	default:
		err = file.check(ctx)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Digest is the SHA-256 of the records, in hexadecimal digits. It tells files apart.
func (f *File) Digest() string { return f.foot.SHA256 }

// Total implements [Source].
func (f *File) Total(context.Context) (int64, error) { return f.foot.Mappings, nil }

// check reads all of the file.
func (f *File) check(ctx context.Context) error {
	c := checker{sum: sha256.New()}
	s := newScanner(f.f, 0)
	for s.next() {
		if c.n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.line(s.text, s.at); err != nil {
			return fmt.Errorf("line %d: %w", c.n, err)
		}
	}
	if s.err != nil {
		return fmt.Errorf("line %d: %w", c.n+1, s.err)
	}
	switch {
	case c.n == 0:
		return errors.New("it is empty")
	case !c.ended:
		return fmt.Errorf("it ends after line %d without its last line: it is truncated, make it again", c.n)
	}
	f.start, f.lines, f.end, f.foot = c.start, c.lines, c.end, c.foot
	if f.lines == 0 {
		f.lines = f.end
	}
	return nil
}

// List implements [Source].
func (f *File) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	at := f.start
	if cursor != "" {
		if at, err = strconv.ParseInt(cursor, 10, 64); err != nil || at < f.start || at > f.lines {
			return nil, "", errors.New("the cursor is not one of this file")
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s := newScanner(f.f, at)
	for len(rows) < limit && s.offset < f.lines && s.next() {
		var r mappingRecord
		if err := errors.Join(decode(s.text, &r), r.check()); err != nil {
			return nil, "", fmt.Errorf("the file changed while it was read: %w", err)
		}
		rows = append(rows, r.mapping())
	}
	if s.err != nil || s.offset >= f.lines {
		return rows, "", s.err
	}
	return rows, strconv.FormatInt(s.offset, 10), nil
}

// Journal implements [Source].
func (f *File) Journal(ctx context.Context, _ bool, each func(acsauth.JournalLine) (carried bool, err error)) (left int64, err error) {
	s := newScanner(f.f, f.lines)
	for s.offset < f.end && s.next() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var r lineRecord
		if err := errors.Join(decode(s.text, &r), r.check()); err != nil {
			return 0, fmt.Errorf("the file changed while it was read: %w", err)
		}
		if _, err := each(r.line()); err != nil {
			return 0, err
		}
	}
	return 0, s.err
}

// A scanner reads lines of bounded length and knows where they are.
type scanner struct {
	in     *bufio.Reader
	text   []byte // without the line break
	at     int64  // offset of text
	offset int64  // behind its line break
	err    error
}

func newScanner(f io.ReaderAt, offset int64) *scanner {
	const most = 1 << 62
	return &scanner{in: bufio.NewReaderSize(io.NewSectionReader(f, offset, most), maxRecord+1), offset: offset}
}

// next reads a line. A last line without a line break is an error: it was cut.
func (s *scanner) next() bool {
	text, err := s.in.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(text) == 0:
		return false
	case errors.Is(err, io.EOF):
		s.err = errors.New("it has no end: the file is truncated, make it again")
		return false
	case errors.Is(err, bufio.ErrBufferFull):
		s.err = fmt.Errorf("it is longer than %d KiB", maxRecord>>10)
		return false
	case err != nil:
		s.err = err
		return false
	}
	s.at = s.offset
	s.offset += int64(len(text))
	s.text = bytes.TrimSuffix(text, []byte("\n"))
	return true
}

var errDamaged = errors.New("the file was changed or damaged after it was made: its SHA-256 is not what its last line says")

// same reports whether a sum is the one in the footer.
func same(sum []byte, want string) bool { return hex.EncodeToString(sum) == want }
