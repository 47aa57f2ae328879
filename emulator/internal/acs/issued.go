package acs

import (
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// maxIssued is how many issued tokens are remembered.
const maxIssued = emu.RingSize

// IssuedToken is what is remembered of an issued token: all but the token.
type IssuedToken struct {
	Time     time.Time `json:"time"`
	Op       string    `json:"op"`       // operation that minted it
	Identity string    `json:"identity"` // raw id
	Resource string    `json:"resource"`
	Scopes   []string  `json:"scopes"`
	Expires  time.Time `json:"expires"`
	Key      string    `json:"key"`    // "primary", "secondary" or "entra"
	SHA256   string    `json:"sha256"` // of the whole token, in hex
}

// Issued lists the last 1,000 tokens issued, oldest first.
func (s *Service) Issued() []IssuedToken { return s.issued.All() }
