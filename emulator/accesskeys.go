package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// KeySlot is one of the two access keys of the ACS resource.
type KeySlot int

// The access keys.
const (
	PrimaryKey KeySlot = iota
	SecondaryKey
)

func (k KeySlot) String() string {
	if k == SecondaryKey {
		return "secondary"
	}
	return "primary"
}

func keySlot(name string) (KeySlot, error) {
	switch strings.ToLower(name) {
	case "primary":
		return PrimaryKey, nil
	case "secondary":
		return SecondaryKey, nil
	}
	return 0, errors.New("an access key is either primary or secondary")
}

// wellKnown is the key that a slot has at the start.
func (k KeySlot) wellKnown() string {
	return [...]string{AccessKeyPrimary, AccessKeySecondary}[k]
}

// AccessKey is the access key of the ACS resource that is good now, in base64.
func (e *Emulator) AccessKey(slot KeySlot) string {
	keys, err := e.acs.Keys(ResourceID)
	if err != nil || slot != PrimaryKey && slot != SecondaryKey {
		return ""
	}
	return keys[slot]
}

// RegenerateKey replaces an access key of the ACS resource by a random one, and returns it. As with the service, all tokens
// that were minted with the old key are revoked. [Emulator.Reset] puts the well-known key back.
func (e *Emulator) RegenerateKey(slot KeySlot) (string, error) {
	if slot != PrimaryKey && slot != SecondaryKey {
		return "", fmt.Errorf("emulator: there is no access key %d", slot)
	}
	key, err := e.acs.RegenerateKey(ResourceID, int(slot))
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	return key, nil
}

// restoreKey puts the well-known key back, if another is in its place.
func (e *Emulator) restoreKey(slot KeySlot) error {
	if e.AccessKey(slot) == slot.wellKnown() {
		return nil
	}
	return e.acs.SetKey(int(slot), slot.wellKnown())
}

// adminRegenerate makes a new key for the slot that the path names, and shows it.
func (e *Emulator) adminRegenerate(r *http.Request) (any, error) {
	slot, err := keySlot(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	if err != nil {
		return nil, refuse(http.StatusNotFound, "%v", err)
	}
	key, err := e.RegenerateKey(slot)
	if err != nil {
		return nil, err
	}
	return map[string]string{"slot": slot.String(), "accessKey": key, "connectionString": e.ConnectionString()}, nil
}
