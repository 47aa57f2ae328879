package attack

import "time"

// The other issuers of the world, all at its Host: loopback has no other names.
const (
	TenantCIAM = "dddddddd-4444-4444-8444-dddddddddddd"
	TenantB2C  = "eeeeeeee-5555-4555-8555-eeeeeeeeeeee"
	B2CPolicy  = "b2c_1_signin"
)

// An Other is an issuer beside Entra ID, with good tokens of its own.
type Other struct {
	Name   string
	Token  func() *Token
	Issuer string
	key    int    // in the ring
	meta   string // path in front of /.well-known/openid-configuration
}

// Others are External ID, B2C and any OpenID Connect issuer, and Entra ID for comparison. All sign under the kid
// "same", each with a key of its own.
func (w World) Others() []Other {
	list := []Other{
		{Name: "entra", Issuer: w.V2Issuer(TenantA), key: 0},
		{Name: "customers", Issuer: w.V2Issuer(TenantCIAM), key: 1, meta: "/" + TenantCIAM + "/v2.0"},
		{Name: "old-customers", Issuer: w.V2Issuer(TenantB2C) + "/", key: 2, meta: "/" + TenantB2C + "/" + B2CPolicy + "/v2.0"},
		{Name: "partner", Issuer: w.Host + "/realms/main", key: 3, meta: "/realms/main"},
	}
	for i, o := range list {
		list[i].Token = func() *Token { return w.tokenOf(o) }
	}
	return list
}

// tokenOf is a good token in the form that its issuer writes.
func (w World) tokenOf(o Other) *Token {
	k := w.V2()
	k.Key, k.Header["kid"] = Ring()[o.key], "same"
	k.Claims["iss"] = o.Issuer
	switch o.Name {
	case "customers":
		k.Claims["tid"] = TenantCIAM
	case "old-customers":
		Del("azpacr", "tid", "oid", "preferred_username", "rh", "uti")(k)
		k.Claims["ver"], k.Claims["tfp"], k.Claims["sub"] = "1.0", B2CPolicy, Alice
	case "partner":
		k.Claims = map[string]any{"iss": o.Issuer, "aud": APIID, "sub": "alice", "client_id": SPAID, "scope": "access_as_user",
			"iat": time.Now().Unix(), "exp": time.Now().Unix() + 3600, "jti": "j"}
	}
	return k
}

// PublishOthers adds their metadata and keys.
func (a *Authority) PublishOthers(w World) {
	for _, o := range w.Others() {
		if o.meta == "" {
			continue
		}
		a.put(o.meta+"/.well-known/openid-configuration", map[string]any{"issuer": o.Issuer, "jwks_uri": w.Host + o.meta + "/keys"})
		a.put(o.meta+"/keys", map[string]any{"keys": []map[string]any{JWK("same", &Ring()[o.key].PublicKey, nil)}})
	}
}
