//go:build !failpoints

package failpoint

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth"
)

// Built reports whether this build has kill points.
const Built = false

// Store returns s.
func Store(s acsauth.Store) acsauth.Store { return s }

// Policies returns none.
func Policies() []policy.Policy { return nil }
