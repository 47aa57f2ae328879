package attack

import (
	"encoding/json"
	"time"
)

// times is class E. Of limits, the bad side is the first second that is refused and the good side the last one that is not.
func (c *corpus) times() {
	const life = 28 * 3600 // the longest life of a token of Entra ID
	s := c.w.Slack
	at := func(want, name, claim string, bad, good int64) {
		c.add('E', want, name, At(claim, bad))
		c.twin(At(claim, good))
	}
	fixed := func(want, name, claim string, bad, good int64) {
		c.add('E', want, name, Set(claim, bad))
		c.twin(At(claim, good))
	}
	at("token_expired", "expired 60 s ago", "exp", -60, 3600)
	at("token_expired", "expired 61 s ago", "exp", -61, 3600)
	fixed("token_expired", "exp 0", "exp", 0, 3600)
	fixed("token_expired", "exp in seconds of 1970", "exp", time.Now().Unix()/1000, 3600)
	c.add('E', "token_expired", "expired 60 s ago, issued before", All(At("iat", -3600), At("nbf", -3600), At("exp", -60)))
	c.twin(All(At("iat", -3600), At("nbf", -3600), At("exp", -59+s)))
	at("token_not_yet_valid", "nbf 61 s ahead", "nbf", 61+s, 60)
	at("token_not_yet_valid", "iat 61 s ahead", "iat", 61+s, 60)
	fixed("token_not_yet_valid", "nbf in 2100", "nbf", 4102444800, 0)
	c.add('E', "token_not_yet_valid", "iat in milliseconds", func(k *Token) { k.Claims["iat"] = k.Now * 1000 })
	fixed("token_not_yet_valid", "nbf 2^53", "nbf", 1<<53, 0)
	c.add('E', "token_lifetime", "exp in milliseconds", func(k *Token) { k.Claims["exp"] = k.Now * 1000 })
	at("token_lifetime", "a life of 28 h and 1 s", "exp", life+1, life)
	fixed("token_lifetime", "year 9999", "exp", 253402300799, 3600)
	fixed("token_lifetime", "exp 2^53", "exp", 1<<53, 3600)
	at("token_lifetime", "exp before nbf", "exp", -1, 1)
	at("token_lifetime", "exp is nbf", "exp", 0, 1)
	fixed("token_lifetime", "iat 0", "iat", 0, -27*3600)
	c.add('E', "token_lifetime", "nbf after exp", All(At("nbf", 50), At("exp", 40)))
	c.add('E', "token_lifetime", "exp missing", Del("exp"))
	c.add('E', "token_lifetime", "iat missing", Del("iat"))
	c.twin(Del("nbf"))
	for _, claim := range []string{"exp", "nbf", "iat"} {
		for _, raw := range []string{`"946688400"`, `""`, "946688400.0", "946688400.5", "9.466884e8", "1e400", "-1", "-0", "9007199254740993", "18446744073709551616", "null", "true", "[946688400]", "{}"} {
			c.add('E', "token_invalid", claim+" "+raw, Set(claim, json.RawMessage(raw)))
			c.twin(Set("other", json.RawMessage(raw)))
		}
	}
	c.add('E', "token_signature", "expired and badly signed", All(At("exp", -100), By(Ring()[2])))
}
