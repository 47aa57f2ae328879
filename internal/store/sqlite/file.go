package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
)

// realPath returns the one absolute name of a file that may not exist yet, so
// that two names of a file are guarded by one lock.
func realPath(path string) (string, error) {
	if path == "" || path == ":memory:" || strings.ContainsRune(path, 0) {
		return "", fmt.Errorf("%q is not the name of a file", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	return filepath.Join(dir, filepath.Base(abs)), err
}

// lockFile takes the lock that keeps other processes, and other handles of this one, away.
func lockFile(path string) (*flock.Flock, error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock it; this user must be able to write to its folder: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s.lock is held; stop the other process, or give this one another file", ErrInUse, path)
	}
	return lock, nil
}

// createFile makes the file if there is none, and keeps strangers from reading it.
// SQLite gives the permissions of the file to its companions. It must not run
// while the database is open: closing a file drops the POSIX locks of the process on it.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("this user must be able to read and write it: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if open := info.Mode().Perm() & 0o007; open != 0 {
		if err := file.Chmod(info.Mode().Perm() &^ 0o007); err != nil {
			return fmt.Errorf("everybody can read it: %w", err)
		}
	}
	if info.Size() == 0 {
		return syncDir(filepath.Dir(path))
	}
	return nil
}

// syncDir makes the name of a new file durable. Windows cannot sync a folder
// and needs no such thing.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// dsn names the file for the driver. The path is escaped, so no part of it is
// taken for an option.
func dsn(path string, options url.Values) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // a drive letter
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: options.Encode()}
	return u.String()
}

// common are the options of every connection. A lock of another program, such
// as a backup, is waited for.
func common() url.Values {
	return url.Values{
		"_busy_timeout": {"5000"},
		"_foreign_keys": {"1"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
	}
}
