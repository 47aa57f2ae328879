package emulator

import (
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/acs-solutions/acsauth/emulator/internal/entra"
)

// applyObstacle hands the obstacle to Entra ID.
func (e *Emulator) applyObstacle(o EntraObstacle) error {
	if o.Code != 0 || len(o.Grants) > 0 || o.User != "" || o.Times != 0 {
		return errors.New("only consentWithdrawn and claims are known")
	}
	e.entra.SetObstacle(entra.Obstacle{ConsentWithdrawn: o.ConsentWithdrawn, Claims: o.Claims})
	return nil
}

// newAccessKey makes a key and gives it to ACS.
func (e *Emulator) newAccessKey(slot KeySlot) (string, error) {
	secret := make([]byte, 64)
	rand.Read(secret)
	key := base64.StdEncoding.EncodeToString(secret)
	return key, e.acs.SetKey(int(slot), key)
}

// moreAdmin are routes that need more of the services than there is.
func (e *Emulator) moreAdmin() routes { return nil }

// moreOverview are the lines of GET / about those routes.
var moreOverview []string
