package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// A file is what a disk needs of an *os.File.
type file interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
}

type opener func(path string, flag int) (file, error)

func openFile(path string, flag int) (file, error) { return os.OpenFile(path, flag, 0o600) }

// A disk is the sink that is a file.
type disk struct {
	o     Options
	lock  *flock.Flock
	file  file
	good  int64 // size up to which all is whole and durable
	dirty bool  // there may be bytes after good
	fresh bool  // nothing of this chain is in the file yet
}

// openDisk takes the lock, reads the end of the chain and seals what is torn.
func (l *Log) openDisk() (_ sink, err error) {
	d := &disk{o: l.o, lock: flock.New(l.o.Path+".lock", flock.SetPermissions(0o600))}
	got, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock it; this user must be able to write to its folder: %w", err)
	}
	if !got {
		return nil, errors.New("another process has it open; stop that one, or give this one another file")
	}
	defer func() {
		if err != nil {
			_ = d.close()
		}
	}()
	if err := d.openAppend(); err != nil {
		return nil, err
	}
	if err := l.resume(d); err != nil {
		return nil, err
	}
	return d, nil
}

// openAppend opens the file, and makes it if it is not there. Strangers cannot read it.
func (d *disk) openAppend() error {
	f, err := d.o.open(d.o.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(d.o.Path, info.Mode().Perm()&^0o077)
	}
	if err == nil && info.Size() == 0 && !d.o.NoSync {
		err = syncFolder(d.o.Path)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.file, d.good, d.fresh, d.dirty = f, info.Size(), info.Size() == 0, false
	return nil
}

// syncFolder makes the name of a file durable.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// write appends text. After a failure the file is cut back to what was good
// before, so that the chain has no hole when there is space again.
func (d *disk) write(text []byte) error {
	if err := d.cutBack(); err != nil {
		return err
	}
	d.dirty = true
	_, err := d.file.Write(text)
	if err == nil && !d.o.NoSync {
		err = d.file.Sync()
	}
	if err != nil {
		return errors.Join(err, d.cutBack())
	}
	d.good, d.dirty, d.fresh = d.good+int64(len(text)), false, false
	return nil
}

// cutBack removes what a failed write left.
func (d *disk) cutBack() error {
	if !d.dirty {
		return nil
	}
	if err := d.file.Truncate(d.good); err != nil {
		return fmt.Errorf("cannot remove half a line: %w", err)
	}
	d.dirty = false
	return nil
}

// next changes to a new file when this one is full, or was renamed from outside.
func (d *disk) next(size int) (fresh bool, err error) {
	if err := d.cutBack(); err != nil {
		return false, err
	}
	gone, err := d.moved()
	if err != nil {
		return false, err
	}
	if !gone && d.o.MaxSize > 0 && d.good > 0 && d.good+int64(size) > d.o.MaxSize {
		if err := os.Rename(d.o.Path, d.aside()); err != nil {
			return false, err
		}
		gone = true
	}
	if gone {
		old := d.file
		if err := d.openAppend(); err != nil {
			return false, err
		}
		_ = old.Close() // all of it is durable
	}
	return d.fresh, nil
}

// moved reports whether the file is no longer where it was. Another one in its
// place is an error: nobody but this process writes there.
func (d *disk) moved() (bool, error) {
	there, err := os.Stat(d.o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	mine, err := d.file.Stat()
	if err != nil {
		return false, err
	}
	if os.SameFile(there, mine) {
		return false, nil
	}
	if there.Size() > 0 {
		return false, fmt.Errorf("%s was replaced by another file; move that away", d.o.Path)
	}
	return true, nil
}

// aside is the name for a full file.
func (d *disk) aside() string { return d.o.Path + "." + strconv.Itoa(newest(d.o.Path)+1) }

// newest is the highest number of the files set aside, or 0.
func newest(path string) int {
	most := 0
	entries, _ := os.ReadDir(filepath.Dir(path)) // without it the rename fails, too
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if n, err := strconv.Atoi(rest); ok && err == nil && strconv.Itoa(n) == rest && n > most {
			most = n
		}
	}
	return most
}

// close closes the file and gives up the lock.
func (d *disk) close() error {
	var err error
	if d.file != nil {
		err = errors.Join(d.cutBack(), d.file.Close())
	}
	return errors.Join(err, d.lock.Unlock())
}
