package authn

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

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
		return jsonValue{}, odd("one strict JSON object", err.Error(), "The "+part+" of the token is not strict JSON: "+err.Error()+".")
	}
	return v, nil
}

// algorithm wants one that the issuer's tokens are signed with, byte for byte.
func (k *check) algorithm(context.Context) *acsauth.Error {
	alg, _ := k.header.str("alg")
	if slices.Contains(k.iss.Algorithms, alg) {
		k.alg = alg
		return nil
	}
	want := strings.Join(k.iss.Algorithms, " or ")
	return odd("alg "+want, jsonFound(k.header, "alg"), "The algorithm of the token is not "+want+".")
}

// checkHeader refuses a header that no token for this API has, and finds the key id.
func (k *check) checkHeader(context.Context) *acsauth.Error {
	h := k.header
	if uncontrolled("algorithm") {
		k.alg, _ = h.str("alg")
	}
	if h.has("nonce") && k.iss.Kind != OIDC {
		return graphToken("no nonce in the header", "a nonce", "The header of the token has a nonce, as tokens for Microsoft Graph do.")
	}
	if e := k.checkType(); e != nil {
		return e
	}
	for _, name := range refusedHeaders {
		if h.has(name) {
			return odd("no header member "+name, "one", "The header of the token has the member '"+name+"', which no token for this API has.")
		}
	}
	kid, ok := h.str("kid")
	if !ok || !isKeyName(kid) {
		return odd("a kid of 1 to 128 letters, digits, - and _", jsonFound(h, "kid"), "The header of the token has no usable kid.")
	}
	k.kid = kid
	if k.unsigned() {
		return nil
	}
	a, ok := algorithms[k.alg]
	if !ok { // refused already
		a = algorithms["RS256"]
	}
	if least, most := a.signatureLen(); len(k.raw.signature) < least || len(k.raw.signature) > most {
		want, got := fmt.Sprintf("%d to %d bytes", least, most), fmt.Sprintf("%d bytes", len(k.raw.signature))
		return odd("a signature of "+want, got, "The signature of the token has "+got+", expected "+want+".")
	}
	return nil
}

func (k *check) checkType() *acsauth.Error {
	if !k.header.has("typ") {
		return nil
	}
	switch typ, _ := k.header.str("typ"); {
	case typ == "JWT" || typ == "at+jwt" || k.iss.Kind == OIDC && typ == "application/at+jwt":
		return nil
	case typ == "pop":
		return proofToken("typ 'pop'")
	}
	return odd("typ JWT or at+jwt", jsonFound(k.header, "typ"), "The typ of the token is neither JWT nor at+jwt.")
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
