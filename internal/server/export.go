package server

import (
	"context"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
)

// A mappingResponse is the row of one user.
type mappingResponse struct {
	State           acsauth.State    `json:"state"`
	ACSUserIdentity acsauth.Identity `json:"acsUserIdentity,omitempty"` // not while it is being made
	Resource        string           `json:"resource"`
	Generation      int64            `json:"generation"`
}

func newMappingResponse(m acsauth.Mapping) mappingResponse {
	return mappingResponse{m.State, m.Identity, m.Resource, m.Generation}
}

// An ownerResponse says whose identity it is.
type ownerResponse struct {
	User userKeyResponse `json:"user"`
	mappingResponse
}

type userKeyResponse struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

func newOwnerResponse(m acsauth.Mapping) ownerResponse {
	return ownerResponse{userKeyResponse(m.Key), newMappingResponse(m)}
}

// An exportResponse is all that is held here about the caller (GDPR articles 15 and 20).
type exportResponse struct {
	User     userKeyResponse  `json:"user"`
	Mapping  *mappingResponse `json:"mapping"`
	Journal  []journalLine    `json:"journal"`
	Complete bool             `json:"complete"`
	// AuditHash is what stands for the caller in the audit log; empty if there is no such log.
	AuditHash string `json:"auditHash,omitempty"`
	// Elsewhere says where else data of the caller are.
	Elsewhere string `json:"elsewhere"`
}

type journalLine struct {
	Kind            acsauth.JournalKind `json:"kind"`
	Since           string              `json:"since"` // RFC 3339, UTC
	ACSUserIdentity acsauth.Identity    `json:"acsUserIdentity,omitempty"`
	Resource        string              `json:"resource"`
}

const elsewhere = "Messages and calls are at Azure Communication Services, in the resource that mapping names. The log of this server holds no name of the caller."

func (s *Server) exportUser(ctx context.Context, c *call, _ none) (int, exportResponse, error) {
	h, err := s.o.Broker.Holdings(ctx, c.Key)
	if err != nil {
		return 0, exportResponse{}, err
	}
	return http.StatusOK, s.newExport(c.Key, h), nil
}

func (s *Server) newExport(key acsauth.UserKey, h broker.Holdings) exportResponse {
	out := exportResponse{User: userKeyResponse(key), Journal: []journalLine{}, Complete: h.Complete, Elsewhere: elsewhere}
	if h.Mapping != nil {
		m := newMappingResponse(*h.Mapping)
		out.Mapping = &m
	}
	for _, l := range h.Lines {
		out.Journal = append(out.Journal, journalLine{l.Kind, l.Since.UTC().Format(time.RFC3339), l.Identity, l.Resource})
	}
	if s.o.Audit != nil {
		out.AuditHash = s.o.Audit.Name(key)
	}
	return out
}
