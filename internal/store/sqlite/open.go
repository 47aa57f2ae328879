package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/acs-solutions/acsauth"
	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

var (
	// ErrInUse is wrapped by the error of Open when the database is open already,
	// in another process or in this one.
	ErrInUse = errors.New("the database is in use")
	// errClosed is the error of every call after Close.
	errClosed = errors.New("sqlite: store is closed")
)

var _ acsauth.Store = (*Store)(nil)

// A Store keeps mappings in one SQLite file. See the package comment.
type Store struct {
	lock    *flock.Flock
	readers *sql.DB
	get     *sql.Stmt
	writer  *writer

	closing  sync.Once
	closeErr error
}

// Open opens the database at path and creates it if there is none; its folder must exist. The
// error wraps [ErrInUse] if the database is open already. A file of another
// program or with another version of the schema is refused and left as it is.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: cannot open %q: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string) (_ *Store, err error) {
	path, err = realPath(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{lock: lock}
	defer func() {
		if err != nil {
			_ = s.release()
		}
	}()
	if err := createFile(path); err != nil {
		return nil, err
	}
	if s.writer, err = openWriter(ctx, path); err != nil {
		return nil, err
	}
	return s, s.openReaders(ctx, path)
}

// openReaders opens the connections that read. They cannot write.
func (s *Store) openReaders(ctx context.Context, path string) error {
	options := common()
	options.Set("_query_only", "1")
	readers, err := sql.Open("sqlite", dsn(path, options))
	if err != nil {
		return err
	}
	s.readers = readers
	n := max(4, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(n)
	readers.SetMaxIdleConns(n)
	s.get, err = readers.PrepareContext(ctx, getRow)
	return err
}

// Close waits for the writes under way, closes the database and gives up the lock.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.release() })
	return s.closeErr
}

// release closes what is open, the lock last.
func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		s.writer.stop()
	}
	if s.get != nil {
		errs = append(errs, s.get.Close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	return errors.Join(append(errs, s.lock.Unlock())...)
}
