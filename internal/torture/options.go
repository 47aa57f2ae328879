package torture

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A Replica is one process of the service.
type Replica interface {
	URL() string
	// Kill ends the process at once, as kill -9 does, and waits until it is gone.
	Kill()
	// Dead is closed when the process has ended, by whatever cause.
	Dead() <-chan struct{}
}

// Options say what is tortured, and how much. All but Seed and Log are required.
type Options struct {
	Users    int // 1 to 100,000
	Tokens   func(user int) string
	Replicas int // 1 to 16
	Workers  int // users at work at once, 1 to 1000
	Kills    int // of replicas, spread over the run
	Seed     uint64
	// Failpoints: replicas are not killed but die by themselves, at points of the protocol.
	Failpoints bool
	// Start starts a replica and waits until it is ready. doomed: it is to die by itself soon.
	Start func(ctx context.Context, doomed bool) (Replica, error)
	// Database is the database to kill, and how often. Nil and 0: it is left alone.
	Database      Database
	DatabaseKills int
	// Quiet ends the faults of ACS; Faults tells how many messages were lost or came late so far.
	Quiet  func()
	Faults func() int
	// Alive lists the identities that exist at ACS; Made and Gone count how many were made and deleted.
	Alive      func() []string
	Made, Gone func() int
	// Open opens the store for the audit, when all replicas have stopped.
	Open func(ctx context.Context) (acsauth.Store, error)
	Log  *slog.Logger
}

// A Database can be killed and brought back.
type Database interface {
	Kill() error
	Return(ctx context.Context) error
}

// Check reports the first number that is out of bounds.
func (o *Options) Check() error {
	switch {
	case o.Users < 1 || o.Users > 100_000:
		return errors.New("the number of users is not 1 to 100000")
	case o.Replicas < 1 || o.Replicas > 16:
		return errors.New("the number of replicas is not 1 to 16")
	case o.Workers < 1 || o.Workers > 1000:
		return errors.New("the number of workers is not 1 to 1000")
	case o.Kills < 0 || o.Kills > 1000 || o.DatabaseKills < 0 || o.DatabaseKills > 100:
		return errors.New("the number of kills is out of range")
	}
	return nil
}

// A Report is the outcome of a run.
type Report struct {
	Balance
	Users, Replicas      int
	Calls                int64 // answered
	Failed               int64 // calls that were answered with an error or not at all, and repeated
	Kills, DatabaseKills int
	CutOff               int           // calls that a kill, of a replica or the database, may have cut off
	Faults               int           // creates at ACS that were lost, or came late
	Made, Deleted        int           // identities
	Longest              time.Duration // that a user waited for an answer
	Took                 time.Duration
	Violations           []string
}
