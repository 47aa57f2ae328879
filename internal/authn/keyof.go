package authn

import (
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// A UserName is how a person or a program names a user without a token of that
// user: by TenantID and ObjectID, or by Issuer and Subject.
type UserName struct {
	TenantID, ObjectID string
	Issuer, Subject    string
}

// KeyOf returns the key that tokens of the named user give, or false if no
// accepted issuer has such users, or if it is not clear which one is meant.
func (v *Verifier) KeyOf(n UserName) (acsauth.UserKey, bool) {
	if n.TenantID+n.ObjectID != "" && n.Issuer+n.Subject != "" {
		return acsauth.UserKey{}, false
	}
	var keys []acsauth.UserKey
	for _, i := range v.issuers {
		if key, ok := i.keyOf(n); ok && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) != 1 {
		return acsauth.UserKey{}, false
	}
	return keys[0], true
}

func (i *issuer) keyOf(n UserName) (acsauth.UserKey, bool) {
	if n.Issuer == "" {
		tid, ok := parseGUID(n.TenantID)
		issuer, has := i.keyIssuer(tid)
		if !ok || !has || i.Kind == B2C && i.KeyClaim != "oid" || i.Kind == OIDC {
			return acsauth.UserKey{}, false
		}
		return i.subjectKey(issuer, n.ObjectID)
	}
	if i.Kind == Entra {
		rest, ours := strings.CutPrefix(n.Issuer, i.AuthorityHost+"/")
		tid, v2 := strings.CutSuffix(rest, "/v2.0")
		guid, ok := parseGUID(tid)
		if issuer, has := i.keyIssuer(guid); !ours || !v2 || !ok || !has || issuer != n.Issuer {
			return acsauth.UserKey{}, false
		}
	} else if n.Issuer != i.issuerOf() {
		return acsauth.UserKey{}, false
	}
	return i.subjectKey(n.Issuer, n.Subject)
}

// keyIssuer returns the issuer in the keys of users of a tenant, if they may call.
func (i *issuer) keyIssuer(tid string) (string, bool) {
	if i.Kind != Entra {
		return i.issuerOf(), len(i.TenantIDs) > 0 && strings.EqualFold(i.TenantIDs[0], tid)
	}
	return i.AuthorityHost + "/" + tid + "/v2.0", i.sourceOf(tid) != nil
}

// subjectKey makes a key of a subject in the form that tokens of the issuer have.
func (i *issuer) subjectKey(issuer, subject string) (acsauth.UserKey, bool) {
	if i.Kind != OIDC {
		oid, ok := parseGUID(subject)
		return acsauth.UserKey{Issuer: issuer, Subject: oid}, ok
	}
	return acsauth.UserKey{Issuer: issuer, Subject: subject}, isSubject(subject)
}
