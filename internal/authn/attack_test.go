package authn_test

import (
	"crypto/rsa"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// The corpus of attacks is a package of its own. These are its names here.
const (
	publicHost = attack.PublicHost
	tenantA    = attack.TenantA
	tenantB    = attack.TenantB
	tenantX    = attack.TenantX
	consumers  = attack.Consumers
	apiID      = attack.APIID
	apiURI     = attack.APIURI
	spaID      = attack.SPAID
	strangerID = attack.StrangerID
	alice      = attack.Alice
	bob        = attack.Bob
	graphID    = attack.GraphID
	teamsID    = attack.TeamsID
	teamsURL   = attack.TeamsURL
)

type (
	token = attack.Token
	edit  = attack.Edit
)

func attackWorld() attack.World { return attack.World{Host: publicHost} }

func keyRing() [4]*rsa.PrivateKey { return attack.Ring() }
func b64(b []byte) string         { return attack.B64(b) }

func v2Key(kid string, key *rsa.PrivateKey) map[string]any { return attackWorld().V2Key(kid, key) }
func v1Key(kid string, key *rsa.PrivateKey) map[string]any { return attackWorld().V1Key(kid, key) }
func jwk(kid string, key *rsa.PublicKey, extra map[string]any) map[string]any {
	return attack.JWK(kid, key, extra)
}

func baseV2() *token                      { return attackWorld().V2() }
func baseV1() *token                      { return attackWorld().V1() }
func teamsToken() *token                  { return attackWorld().Teams() }
func mint(k *token, edits ...edit) string { return attack.Mint(k, edits...) }

func all(edits ...edit) edit                              { return attack.All(edits...) }
func set(name string, value any) edit                     { return attack.Set(name, value) }
func del(names ...string) edit                            { return attack.Del(names...) }
func hset(name string, value any) edit                    { return attack.HSet(name, value) }
func hdel(name string) edit                               { return attack.HDel(name) }
func marshal(m map[string]any) string                     { return attack.Marshal(m) }
func by(key *rsa.PrivateKey) edit                         { return attack.By(key) }
func signing(f func(k *token, signed string) []byte) edit { return attack.Signing(f) }
