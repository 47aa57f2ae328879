package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// hint says what to look at, where the words of SQLite do not.
func hint(err error) error {
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return err
	}
	switch code := e.Code(); {
	case code == lib.SQLITE_READONLY_DIRECTORY:
		return fmt.Errorf("this user must be able to write to its folder: %w", err)
	case code == lib.SQLITE_IOERR_WRITE, code == lib.SQLITE_IOERR_SHMSIZE, code&0xff == lib.SQLITE_FULL:
		return fmt.Errorf("there must be room on its disk: %w", err)
	}
	return err
}
