package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/acs-solutions/acsauth"
)

// A batch names users to look up and identities to look up.
type batch struct {
	users      []acsauth.UserKey
	identities []acsauth.Identity
}

// A batchResponse answers in the order of the request; null stands for not found.
type batchResponse struct {
	Users      []*mappingResponse `json:"users"`
	Identities []*ownerResponse   `json:"identities"`
}

// doResolve looks up many at once. One failure is the failure of all: a
// missing answer must not be taken for "not found".
func (s *Server) doResolve(ctx context.Context, c *call, in batch) (int, batchResponse, error) {
	out := batchResponse{make([]*mappingResponse, len(in.users)), make([]*ownerResponse, len(in.identities))}
	c.count = len(in.users) + len(in.identities)
	for i, key := range in.users {
		row, err := s.o.Broker.Describe(ctx, key)
		if errors.Is(err, acsauth.NotFound) {
			continue
		}
		if err != nil {
			return 0, batchResponse{}, err
		}
		m := newMappingResponse(row)
		out.Users[i] = &m
	}
	for i, id := range in.identities {
		row, err := s.o.Broker.Owner(ctx, id)
		if errors.Is(err, acsauth.NotFound) {
			continue
		}
		if err != nil {
			return 0, batchResponse{}, err
		}
		o := newOwnerResponse(row)
		out.Identities[i] = &o
	}
	return http.StatusOK, out, nil
}
