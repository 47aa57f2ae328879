package acsauth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"regexp"
	"strings"
	"time"
)

// A UserKey is the durable key of a user. For Microsoft Entra ID, Issuer is the
// canonical v2 issuer of the tenant, so v1 and v2 tokens give the same key, and
// Subject is the oid claim. For other OpenID Connect issuers they are iss and
// sub. Mutable names (e-mail, upn, display name) are never part of a key.
type UserKey struct {
	Issuer  string
	Subject string
}

// Hash names the key without holding personal data: 64 hexadecimal digits of
// SHA-256 over both parts, each preceded by its length.
func (k UserKey) Hash() string {
	d := k.Digest()
	return hex.EncodeToString(d[:])
}

// Digest is Hash as bytes.
func (k UserKey) Digest() [sha256.Size]byte {
	b := make([]byte, 0, 256) // enough for most, and then on the stack
	for _, s := range [...]string{k.Issuer, k.Subject} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	return sha256.Sum256(b)
}

// LogValue keeps issuer and subject out of logs.
func (k UserKey) LogValue() slog.Value { return slog.StringValue("[user]") }

// An Identity is the raw id of an ACS communication identity,
// 8:acs:<resource>_<user>. It is opaque and case-sensitive.
type Identity string

// MaxIdentityLen is the longest Identity accepted, in bytes.
const MaxIdentityLen = 256

// The id travels in URLs and logs, so its alphabet is closed.
var identityForm = regexp.MustCompile(`^8:(acs|gcch-acs|dod-acs):[A-Za-z0-9-]{1,64}_[A-Za-z0-9_-]{1,160}$`)

// Valid reports whether id has the form of a communication user that a resource owns.
func (id Identity) Valid() bool {
	return len(id) <= MaxIdentityLen && identityForm.MatchString(string(id))
}

// Resource returns the resource part of a valid id, or "".
func (id Identity) Resource() string {
	if !id.Valid() {
		return ""
	}
	rest := string(id)[strings.LastIndexByte(string(id), ':')+1:]
	resource, _, _ := strings.Cut(rest, "_")
	return resource
}

// A CallerKind says what stands behind a request.
type CallerKind string

// The kinds of Caller.
const (
	User  CallerKind = "user"  // a member of the tenant, signed in
	Guest CallerKind = "guest" // a user whose home is another directory, as far as the token shows it
	App   CallerKind = "app"   // a program without a user
)

// A Caller is the verified identity behind a request.
type Caller struct {
	Key     UserKey
	Issuer  string // name of the configured issuer that accepted the token
	Kind    CallerKind
	Tenant  string // tid of the token, lower case; empty where an issuer has no tenants
	Client  string // client application: azp or appid, lower case
	Scopes  []string
	Roles   []string
	Groups  []string  // ids of the groups claim, at most 1000; empty if the token leaves them out
	Expires time.Time // of the caller's own token
}

// A Scope is a right that an ACS access token carries.
type Scope string

// The scopes of ACS (api-version 2023-10-01).
const (
	ScopeChat            Scope = "chat"
	ScopeChatJoin        Scope = "chat.join"
	ScopeChatJoinLimited Scope = "chat.join.limited"
	ScopeVoIP            Scope = "voip"
	ScopeVoIPJoin        Scope = "voip.join"
)

// AllScopes lists every scope known to this program.
func AllScopes() []Scope {
	return []Scope{ScopeChat, ScopeChatJoin, ScopeChatJoinLimited, ScopeVoIP, ScopeVoIPJoin}
}

// The token lifetimes that ACS accepts, both inclusive.
const (
	MinTokenLifetime = 60 * time.Minute
	MaxTokenLifetime = 1440 * time.Minute
)

// An AccessToken is a token for ACS. Its text is opaque: it is never parsed here.
type AccessToken struct {
	Token     string
	ExpiresOn time.Time
}

// LogValue keeps the token out of logs.
func (t AccessToken) LogValue() slog.Value {
	return slog.GroupValue(slog.String("token", "[redacted]"), slog.Time("expiresOn", t.ExpiresOn))
}

// String keeps the token out of formatted text.
func (t AccessToken) String() string {
	return "AccessToken([redacted], expires " + t.ExpiresOn.UTC().Format(time.RFC3339) + ")"
}

// GoString keeps the token out of %#v.
func (t AccessToken) GoString() string { return t.String() }

// A TeamsToken is the Microsoft Entra token of a Teams user that passed the
// local filter for its caller: right audience, scopes, user and tenant. ACS
// remains the judge of its signature.
type TeamsToken struct {
	Token   string
	Client  string // appid of the token, one of the configured client applications
	Expires time.Time
}

// LogValue keeps the token out of logs.
func (t TeamsToken) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// String keeps the token out of formatted text.
func (t TeamsToken) String() string { return "TeamsToken([redacted])" }

// GoString keeps the token out of %#v.
func (t TeamsToken) GoString() string { return t.String() }
