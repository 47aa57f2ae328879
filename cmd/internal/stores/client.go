package stores

import (
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/entra"
)

// NewEntra makes the client by which the graph store asks Entra ID for tokens, for a look at it alone. The caller closes it.
func NewEntra(c *config.Config, allowLoopback bool) (*entra.Client, error) {
	return FromConfig(c, allowLoopback, nil).newEntra()
}
