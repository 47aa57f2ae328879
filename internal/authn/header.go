package authn

import "github.com/acs-solutions/acsauth"

// maxValues bounds the values in the header or payload of a token. Entra ID
// sends at most 200 groups and some 40 claims.
const maxValues = 1024

var headerNames = nameTable("alg", "typ", "kid", "x5t", "x5t#S256", "nonce", "crit", "b64", "zip", "enc", "cty",
	"jwk", "jku", "x5u", "x5c", "p2c", "p2s", "epk", "apu", "apv", "iv", "tag")

// refusedHeaders would change how the token is to be read or which key is to be
// used (RFC 8725). Other unknown members are ignored: Entra ID may add some.
var refusedHeaders = [...]string{"crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5u", "x5c", "p2c", "p2s", "epk"}

func parsePart(part string, raw []byte, known map[string]string) (jsonValue, *acsauth.Error) {
	v, err := parseObject(raw, maxValues)
	if err == nil {
		err = checkNames(v, known)
	}
	if err != nil {
		return jsonValue{}, invalid("The " + part + " of the token is not strict JSON: " + err.Error() + ".")
	}
	return v, nil
}

// checkHeader returns the key id of a header that a token for this API may have.
func checkHeader(h jsonValue) (string, *acsauth.Error) {
	if alg, _ := h.str("alg"); alg != "RS256" {
		return "", invalid("The algorithm of the token is not RS256.")
	}
	if h.has("nonce") {
		return "", graphToken("The header of the token has a nonce, as tokens for Microsoft Graph do.")
	}
	if e := checkType(h); e != nil {
		return "", e
	}
	for _, name := range refusedHeaders {
		if h.has(name) {
			return "", invalid("The header of the token has the member '" + name + "', which no token for this API has.")
		}
	}
	kid, ok := h.str("kid")
	if !ok || !isKeyName(kid) {
		return "", invalid("The header of the token has no usable kid.")
	}
	return kid, nil
}

func checkType(h jsonValue) *acsauth.Error {
	if !h.has("typ") {
		return nil
	}
	switch typ, _ := h.str("typ"); typ {
	case "JWT", "at+jwt":
		return nil
	case "pop":
		return proofToken()
	}
	return invalid("The typ of the token is neither JWT nor at+jwt.")
}

// isKeyName reports whether kid is 1 to 128 characters of the base64url alphabet. It is only ever a map key.
func isKeyName(kid string) bool {
	if kid == "" || len(kid) > 128 {
		return false
	}
	for i := range len(kid) {
		if !isWordByte(kid[i]) {
			return false
		}
	}
	return true
}
