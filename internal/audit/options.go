package audit

import (
	"io"
	"log/slog"
	"time"
)

// DefaultMaxSize is the size at which a file is set aside, in bytes.
const DefaultMaxSize = 100 << 20

// Options say where the log goes and what it holds. One of Path and Writer is set.
type Options struct {
	// Path is the file. Only one process at a time can have it open.
	Path string
	// Writer takes the lines in place of a file, such as the standard output. The
	// chain starts anew with each process, and nothing is known about durability.
	Writer io.Writer
	// Keys are 32 bytes or more each, at most 8. The first one signs and hashes, all
	// verify. None: see the package comment.
	Keys [][]byte
	// MaxSize is the size in bytes at which the file is renamed to Path.1, Path.2 and so
	// on, the highest being the newest. Zero: DefaultMaxSize. Negative: never.
	MaxSize int64
	// NoSync leaves it to the operating system when lines reach the disk. A crash of
	// the machine then costs some; a crash of the process costs none.
	NoSync bool
	// Addresses puts the client's address, which is personal data, into the lines.
	Addresses bool
	// Logger is told what went wrong and was repaired. Nil: nobody.
	Logger *slog.Logger
	// Now gives the time of lines. Nil: time.Now.
	Now func() time.Time

	open opener // for tests
}

func (o Options) withDefaults() Options {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.open == nil {
		o.open = openFile
	}
	return o
}
