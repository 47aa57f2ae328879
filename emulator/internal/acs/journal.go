package acs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"
)

// maxLine bounds a line of a data file, in bytes.
const maxLine = 16 << 10

// The kinds of entries.
const (
	opCreate   = "create"
	opDelete   = "delete"
	opAssign   = "assign"
	opUnassign = "unassign"
)

// entry is a line of the data file: of an identity, or of an assignment.
type entry struct {
	Op         string      `json:"op"`
	ID         string      `json:"id,omitempty"` // identity
	At         time.Time   `json:"at"`
	CustomID   string      `json:"customId,omitempty"`
	Stray      bool        `json:"stray,omitempty"` // another identity is the customId's
	Assignment *assignment `json:"assignment,omitempty"`
}

// journalSlack is how many lines a data file may have beyond twice those that
// it needs.
const journalSlack = 10_000

// journal is a file of entries, one JSON object a line, that grows until it is
// replaced.
// It is not synced: it survives the end of the process, not of the machine.
// It is not safe for concurrent use, in one process or in several.
type journal struct {
	file  *os.File
	size  int64 // where the next line goes
	lines int
	slack int
}

// openJournal opens or makes a file and hands its entries to apply. A last
// line that is incomplete or damaged is cut off.
func openJournal(path string, apply func(entry) error) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, slack: journalSlack}
	if err := j.load(apply); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *journal) load(apply func(entry) error) error {
	in := bufio.NewReaderSize(j.file, maxLine)
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if err == io.EOF {
			return j.file.Truncate(j.size)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			if _, more := in.Peek(1); more == io.EOF {
				return j.file.Truncate(j.size)
			}
			return fmt.Errorf("line %d is damaged: %w", number, err)
		}
		if err := apply(e); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		j.size += int64(len(line))
		j.lines++
	}
}

// append writes one line. What a failed write left behind is overwritten by
// the next one, or cut off at the next start.
func (j *journal) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if len(line) >= maxLine {
		return errors.New("line too long")
	}
	if _, err := j.file.WriteAt(append(line, '\n'), j.size); err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(line)) + 1
	j.lines++
	return nil
}

// replace writes a new file in the place of the old one. If that fails the old
// one stays, and goes on to be written.
func (j *journal) replace(entries iter.Seq[entry]) error {
	path := j.file.Name()
	size, lines, err := writeEntries(path+".new", entries)
	if err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	if err := j.close(); err != nil { // not every system renames over an open file
		return err
	}
	failed := os.Rename(path+".new", path)
	if j.file, err = os.OpenFile(path, os.O_RDWR, 0o600); err != nil {
		return errors.Join(failed, err)
	}
	if failed == nil {
		j.size, j.lines = size, lines
	}
	return failed
}

// writeEntries makes a file and returns its size and number of lines.
func writeEntries(path string, entries iter.Seq[entry]) (size int64, lines int, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, 0, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // what a dead process left, or a link, is not written to
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	for e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return 0, 0, err
		}
		lines++
		size += int64(len(line)) + 1
		out.Write(line)     //nolint:errcheck // Flush tells
		out.WriteByte('\n') //nolint:errcheck // Flush tells
	}
	return size, lines, out.Flush()
}

func (j *journal) empty() error {
	j.size, j.lines = 0, 0
	return j.file.Truncate(0)
}

func (j *journal) close() error {
	if err := j.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
