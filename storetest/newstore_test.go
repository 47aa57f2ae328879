package storetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// A server stands for the database of your store. Here it keeps everything in memory.
type server struct {
	open storetest.Database
	gone chan struct{} // holds one while the server is away
}

func newServer(*testing.T) *server {
	return &server{open: storetest.NewMemoryDatabase(), gone: make(chan struct{}, 1)}
}

// A newStore stands for your store. This one asks the server before each call whether it is there.
type newStore struct {
	*storetest.Faulty
	server *server
}

func openStore(ctx context.Context, s *server) (acsauth.Store, error) {
	inner, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	lose := func(string, int) storetest.Fault {
		if len(s.gone) > 0 {
			return storetest.NotStored // an error that is no sentinel
		}
		return storetest.NoFault
	}
	return &newStore{Faulty: storetest.NewFaulty(inner, lose), server: s}, nil
}

// TestStore: the store keeps the contract.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		s := newServer(t) // new and empty; t.Cleanup drops it
		return func(ctx context.Context) (acsauth.Store, error) { return openStore(ctx, s) }
	})
}

// TestStoreOutage: and it keeps it when its database goes away under it.
func TestStoreOutage(t *testing.T) {
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		s := newServer(t)
		return storetest.Outage{
			Open: func(ctx context.Context) (acsauth.Store, error) { return openStore(ctx, s) },
			Kill: func() error { s.gone <- struct{}{}; return nil },
			Return: func() error {
				select {
				case <-s.gone:
					return nil
				default:
					return errors.New("it is not away")
				}
			},
		}
	})
}
