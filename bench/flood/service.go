package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// service is acsauth-dev as a process.
type service struct {
	*dev.Program
	host string // host:port of the service
}

// startService starts acsauth-dev, which has its limits off.
func startService(ctx context.Context, program string) (*service, error) {
	p, err := dev.Start(ctx, program)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(p.Server)
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return &service{p, u.Host}, nil
}

// A fetched counts the requests for metadata and for key sets that the emulator had.
type fetched struct{ metadata, keys int64 }

// keySets is how many key sets one load of the service fetches: those of v1.0 and of v2.0 tokens.
const keySets = 2

// loads is how often the service fetched all key sets, rounded up.
func (f fetched) loads() int64 { return (f.keys + keySets - 1) / keySets }

func (s *service) fetches(ctx context.Context) (fetched, error) {
	var counters struct{ Entra map[string]int64 }
	err := s.Call(ctx, "GET", "/counters", "", &counters)
	if err == nil && counters.Entra["keys"] == 0 {
		err = errors.New("the emulator counted no fetch of keys at all: is the counter still named so?")
	}
	return fetched{counters.Entra["discovery"], counters.Entra["keys"]}, err
}
