package policy

import (
	"strings"

	"github.com/acs-solutions/acsauth"
)

// An Operation is what a request asks for. Two routes may be one operation.
type Operation string

// The operations of users.
const (
	GetUser       Operation = "getUser"
	GetToken      Operation = "getToken"
	RefreshToken  Operation = "refreshToken"
	ExchangeToken Operation = "exchangeToken"
	RevokeTokens  Operation = "revokeTokens"
	DeleteUser    Operation = "deleteUser"
	ExportUser    Operation = "exportUser"
)

// Operations lists every operation.
func Operations() []Operation {
	return []Operation{GetUser, GetToken, RefreshToken, ExchangeToken, RevokeTokens, DeleteUser, ExportUser}
}

// GivesScopes reports whether the operation hands out a token with ACS scopes.
// An exchanged Teams token has those that Teams gives.
func (o Operation) GivesScopes() bool { return o == GetToken || o == RefreshToken }

// An operationSet has one bit for each operation, in the order of Operations.
type operationSet uint8

const everyOperation operationSet = 1<<7 - 1

// bit returns the set of one operation. It is empty if there is no such operation, so that is never allowed.
func (o Operation) bit() operationSet {
	switch o {
	case GetUser:
		return 1 << 0
	case GetToken:
		return 1 << 1
	case RefreshToken:
		return 1 << 2
	case ExchangeToken:
		return 1 << 3
	case RevokeTokens:
		return 1 << 4
	case DeleteUser:
		return 1 << 5
	case ExportUser:
		return 1 << 6
	}
	return 0
}

func (s operationSet) givesScopes() bool { return s&(GetToken.bit()|RefreshToken.bit()) != 0 }

func (s operationSet) String() string {
	if s == everyOperation {
		return "every operation"
	}
	var names []string
	for _, o := range Operations() {
		if s&o.bit() != 0 {
			names = append(names, string(o))
		}
	}
	return orNothing(names)
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// A scopeSet has one bit for each scope that it contains or includes.
type scopeSet uint8

func scopeBit(s acsauth.Scope) scopeSet {
	switch s {
	case acsauth.ScopeChatJoinLimited:
		return 1 << 0
	case acsauth.ScopeChatJoin:
		return 1 << 1
	case acsauth.ScopeChat:
		return 1 << 2
	case acsauth.ScopeVoIPJoin:
		return 1 << 3
	case acsauth.ScopeVoIP:
		return 1 << 4
	}
	return 0
}

// setOf returns the scopes and all that they include: chat includes chat.join,
// that chat.join.limited, and voip includes voip.join.
func setOf(scopes []acsauth.Scope) scopeSet {
	var set scopeSet
	for _, s := range scopes {
		b := scopeBit(s)
		set |= b
		switch s {
		case acsauth.ScopeChat:
			set |= b>>1 | b>>2
		case acsauth.ScopeChatJoin, acsauth.ScopeVoIP:
			set |= b >> 1
		}
	}
	return set
}

// Covers reports whether one who may have the scopes may have s, since s is one
// of them or one of them includes it.
func Covers(scopes []acsauth.Scope, s acsauth.Scope) bool {
	b := scopeBit(s)
	return b != 0 && setOf(scopes)&b != 0
}

// Narrow returns the most that both lists give, in the order of
// [acsauth.AllScopes] and without those that another one includes. It is never nil.
func Narrow(a, b []acsauth.Scope) []acsauth.Scope {
	both := setOf(a) & setOf(b)
	out := []acsauth.Scope{}
	for _, s := range acsauth.AllScopes() {
		if both&scopeBit(s) != 0 && !Covers(out, s) { // the wider ones come first
			out = append(out, s)
		}
	}
	return out
}
