//go:build !mistakes

package broker

import (
	"context"

	"github.com/acs-solutions/acsauth"
)

// mistakes is empty in every build but the one that tests the tests.
type mistakes struct{}

func (mistakes) has(mistake) bool           { return false }
func (mistakes) wouldCompensate(error) bool { return false }

// fenceOf returns the row that a commit expects: the own intent.
func (b *Broker) fenceOf(_ context.Context, row acsauth.Mapping) acsauth.Mapping { return row }

func (b *Broker) mistaken(context.Context, string, acsauth.UserKey) (acsauth.Identity, bool, error) {
	return "", false, nil
}
