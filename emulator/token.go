package emulator

import (
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/entra"
)

// Flaw is a way in which a scripted token is wrong.
type Flaw string

// The flaws. All but the last group are signed with a published key.
const (
	FlawNone        Flaw = ""
	FlawExpired     Flaw = "expired"     // exp was an hour ago
	FlawNotYetValid Flaw = "notYetValid" // nbf is in an hour
	FlawLongLived   Flaw = "longLived"   // exp is 30 days after iat
	FlawAudience    Flaw = "audience"    // for another API
	FlawIssuer      Flaw = "issuer"      // the issuer only starts like the right one
	FlawTenant      Flaw = "tenant"      // tid and iss of OtherTenantID
	FlawNoTenantID  Flaw = "noTenantID"
	FlawNoObjectID  Flaw = "noObjectID"
	FlawNoScope     Flaw = "noScope"
	FlawIDToken     Flaw = "idToken"  // an id_token for the client
	FlawIDClaims    Flaw = "idClaims" // right but for nonce and at_hash, which only an id_token has
	FlawAppOnly     Flaw = "appOnly"  // right but for idtyp: the client itself, no user
	FlawGraph       Flaw = "graph"    // a Microsoft Graph token: nonce in the header, cannot be verified plainly

	FlawUnknownKey Flaw = "unknownKey" // signed with, and naming, a key that is not published
	FlawForeignKey Flaw = "foreignKey" // signed with that key, but naming a published one
	FlawSignature  Flaw = "signature"  // the signature is damaged
	FlawAlgNone    Flaw = "algNone"    // unsigned
	FlawAlgHS256   Flaw = "algHS256"   // HMAC keyed with the public key
	FlawNoKeyID    Flaw = "noKeyID"    // no kid in the header
)

// TokenRequest describes a scripted access token. The zero value is alice's v2 token for the API from the browser client.
type TokenRequest struct {
	User      string        // short name, object id or UPN; default the first one of the tenant, alice
	Tenant    string        // GUID or domain; default the user's, or TenantID. It tells gail at home from gail the guest
	Policy    string        // of a B2C user; default B2CPolicy
	Client    string        // client id, registered or not; default SPAClientID, or DaemonClientID with AppOnly
	Teams     bool          // a Teams token, to be exchanged at ACS, in place of one for the API
	Version   string        // "1.0" or "2.0"; default as the resource's tokens are
	AppOnly   bool          // the client itself, no user
	Scopes    []string      // short names; nil: all of the resource that the browser client has consent for
	Audience  string        // replaces the aud claim
	ExpiresIn time.Duration // in whole seconds; default as for other tokens
	Flaw      Flaw
}

// MintToken signs a token without any sign-in. It fails for a user, version or flaw that does not exist.
func (e *Emulator) MintToken(r TokenRequest) (string, error) {
	token, _, err := e.mint(r)
	return token, err
}

func (e *Emulator) mint(r TokenRequest) (string, time.Duration, error) {
	if r.ExpiresIn < 0 {
		return "", 0, fmt.Errorf("emulator: ExpiresIn is %v", r.ExpiresIn)
	}
	token, lifetime, err := e.entra.Mint(entra.MintRequest{
		User: r.User, Tenant: r.Tenant, Policy: r.Policy, Client: r.Client, Teams: r.Teams, Version: r.Version, AppOnly: r.AppOnly,
		Scopes: r.Scopes, Audience: r.Audience, ExpiresIn: r.ExpiresIn.Truncate(time.Second), Flaw: string(r.Flaw),
	})
	if err != nil {
		return "", 0, fmt.Errorf("emulator: %w", err)
	}
	return token, lifetime, nil
}
