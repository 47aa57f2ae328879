package attack

import (
	"crypto/rsa"
	"strings"
)

// An Edit changes a token before it is made. Edits can follow each other.
type Edit func(*Token)

// All makes one edit of several.
func All(edits ...Edit) Edit {
	return func(k *Token) {
		for _, e := range edits {
			e(k)
		}
	}
}

// Set sets a claim.
func Set(name string, value any) Edit { return func(k *Token) { k.Claims[name] = value } }

// At sets a claim to a time, in seconds from when the token is made.
func At(name string, seconds int64) Edit {
	return func(k *Token) { k.Claims[name] = k.Now + seconds }
}

// Del takes claims out.
func Del(names ...string) Edit {
	return func(k *Token) {
		for _, n := range names {
			delete(k.Claims, n)
		}
	}
}

// HSet sets a member of the header.
func HSet(name string, value any) Edit { return func(k *Token) { k.Header[name] = value } }

// HDel takes a member of the header out.
func HDel(name string) Edit { return func(k *Token) { delete(k.Header, name) } }

// Wrap changes the finished JWT.
func Wrap(f func(string) string) Edit { return func(k *Token) { k.wrap = f } }

// Payload changes the JSON of the claims before it is signed.
func Payload(f func(string) string) Edit {
	return func(k *Token) { k.editPayload = chain(k.editPayload, f) }
}

// Header changes the JSON of the header before it is signed.
func Header(f func(string) string) Edit {
	return func(k *Token) { k.editHeader = chain(k.editHeader, f) }
}

// Signing signs in another way.
func Signing(f func(k *Token, signed string) []byte) Edit {
	return func(k *Token) { k.sign = func(s string) []byte { return f(k, s) } }
}

// By signs with another key.
func By(key *rsa.PrivateKey) Edit { return func(k *Token) { k.Key = key } }

// Part changes one of the three parts of the finished JWT.
func Part(i int, f func(string) string) Edit {
	return Wrap(func(jwt string) string {
		parts := strings.Split(jwt, ".")
		parts[i] = f(parts[i])
		return strings.Join(parts, ".")
	})
}

// First puts members in front of a JSON object.
func First(members string) func(string) string {
	return func(s string) string { return "{" + members + "," + s[1:] }
}

func chain(f, g func(string) string) func(string) string {
	if f == nil {
		return g
	}
	return func(s string) string { return g(f(s)) }
}
