// Package attack is the corpus of bad requests that the server must refuse, and
// of good ones beside them that it must not: tokens with one thing wrong, pairs
// of tokens, and a stand-in for Microsoft Entra ID whose keys sign them all.
//
// It is for tests, and imports nothing of ours: what a token must look like is
// written here a second time, independently of the check.
//
// A case has a class, a letter:
//
//	A structure  B algorithm  C choice of the key  D signature  E time  F issuer, tenant, cloud
//	G audience  H scope and actor  I wrong kind of token  J subject  K JSON  L size  N pair for the exchange
//
// Class M, how a request carries its token, belongs to the connection and is in the tests of the program.
package attack
