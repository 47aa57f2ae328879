package probe

import (
	"crypto/rsa"
	"net/http"
	"strings"
)

var served = []string{"200", "404 identity_not_found"}

// good is the request that must be served. Without it, a server that refuses everything would pass.
func good(name, token string) testCase {
	return testCase{control: goodControl, name: name, req: bearing(token), good: served, check: notCached}
}

func refused(control, name string, req request, status int, codes ...string) testCase {
	return testCase{control: control, name: name, req: req, status: status, codes: codes}
}

// bearerCases are wrong in the header itself. No token goes into a URL, since URLs are logged.
func bearerCases(token string) []testCase {
	two := bearing(token)
	two.header.Add("Authorization", "Bearer "+token)
	query := bearing(token)
	query.path += "?access_token=x"
	return []testCase{
		refused("bearer", "no token", get(), 401, "token_missing"),
		refused("bearer", "not a token", bearing("probe"), 401, "token_invalid"),
		refused("bearer", "scheme Basic", get("Authorization", "Basic cHJvYmU6cHJvYmU="), 400, "token_malformed"),
		refused("bearer", "two Authorization headers", two, 400, "token_malformed"),
		refused("bearer", "access_token in the query", query, 400, "token_malformed"),
		refused("bearer", "token in another header", get("X-Access-Token", token), 401, "token_missing"),
		refused("bearer", "token in a cookie", get("Cookie", "access_token="+token), 401, "token_missing"),
		refused("bearer", "17 KiB", bearing(strings.Repeat("a", 17<<10)), 400, "token_too_large"),
	}
}

// forged are tokens that the prober makes of the good one. key is no issuer's.
func forged(good token, key *rsa.PrivateKey) []testCase {
	own := rs256(key)
	bad := func(control, name string, t token, code string) testCase {
		return refused(control, name, bearing(t.compact()), 401, code)
	}
	unsigned := good.headed(map[string]any{"alg": "none"})
	bare := unsigned
	bare.parts[2] = ""
	cut := good
	cut.parts[2] = cut.parts[2][:len(cut.parts[2])/2]
	jwk := map[string]any{"kty": "RSA", "n": b64(key.N.Bytes()), "e": "AQAB"}
	return []testCase{
		bad("signature", "one bit of the signature changed", good.damaged(), "token_signature"),
		bad("signature", "a claim added", good.with(map[string]any{"probe": newGUID()}), "token_signature"),
		bad("signature", "another user's oid", good.with(map[string]any{"oid": newGUID()}), "token_signature"),
		bad("signature", "another key, known kid", good.signed(own), "token_signature"),
		bad("signature", "another key, unknown kid", good.headed(map[string]any{"kid": newGUID()}).signed(own), "token_key_unknown"),
		bad("algorithm", "alg none, old signature", unsigned, "token_invalid"),
		bad("algorithm", "alg NONE, old signature", good.headed(map[string]any{"alg": "NONE"}), "token_invalid"),
		bad("algorithm", "alg RS512, another key", good.headed(map[string]any{"alg": "RS512"}).signed(own), "token_invalid"),
		bad("algorithm", "alg none, no signature", bare, "token_invalid"),
		bad("form", "signature cut off", cut, "token_invalid"),
		bad("header", "own key in the header (jwk)", good.headed(map[string]any{"jwk": jwk}).signed(own), "token_invalid"),
		bad("header", "no kid", good.headed(map[string]any{"kid": nil}).signed(own), "token_invalid"),
	}
}

// confused signs with HMAC and the issuer's public key for a secret.
func confused(good token, secrets [][]byte) (out []testCase) {
	names := [...]string{"alg HS256 with the public key (PEM)", "alg HS256 with the public key (modulus)"}
	for i, s := range secrets {
		t := good.headed(map[string]any{"alg": "HS256"}).signed(hs256(s))
		out = append(out, refused("algorithm", names[i], bearing(t.compact()), 401, "token_invalid"))
	}
	return out
}

// routeCases are right in the token and wrong in the rest.
func routeCases(token string) []testCase {
	at := func(method, path string) request {
		r := bearing(token)
		r.method, r.path = method, path
		return r
	}
	return []testCase{
		refused("route", "an unknown path", at(http.MethodGet, "/probe-"+newGUID()), 404, "route_not_found"),
		refused("route", "two slashes", at(http.MethodGet, "//api/user"), 404, "route_not_found"),
		refused("route", "a method that is not there", at(http.MethodPut, "/api/user"), 405, "method_not_allowed"),
		{
			control: "admin", name: "a user on an administration route", req: at(http.MethodPost, "/api/admin/lookup"),
			status: 403, codes: []string{"admin_role", "admin_client", "admin_disabled"}, any: true, open: []string{"request_malformed"},
		},
	}
}
