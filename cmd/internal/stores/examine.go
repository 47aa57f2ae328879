package stores

import (
	"context"
	"log/slog"

	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
)

// Place is the store that the settings name, or with graph the one of its journal, in which the rows of intents are.
func (s Spec) Place() (Spec, config.StoreName, error) {
	name, err := config.ParseStore(s.DSN)
	if err == nil && name.Kind == config.Graph {
		s = s.journal()
		name, err = config.ParseStore(s.DSN)
	}
	return s, name, err
}

// ExaminePostgres looks at the database of s, and changes nothing there.
func (s Spec) ExaminePostgres(ctx context.Context, name config.StoreName) (postgres.Facts, error) {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s, err := s.resolved(ctx, name.Kind)
	if err != nil {
		return postgres.Facts{}, err
	}
	o := postgres.Options{DSN: name.URL, Password: s.Secret.Reveal(), Log: s.Log}
	if s.Credential != "" {
		if o.Credential, err = NewCredential(s.Credential, s.settings()); err != nil {
			return postgres.Facts{}, err
		}
	}
	return postgres.Examine(ctx, o)
}
