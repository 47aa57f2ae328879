package audit

import (
	"net/netip"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// The outcomes of a decision.
const (
	Allowed = "allowed"
	Refused = "refused" // the request or its caller may not
	Failed  = "failed"  // the server or what it depends on could not
)

// An Event is one decision. The log hashes the users and the identity, and
// leaves out what is empty.
type Event struct {
	RequestID string
	Operation string // getUser, admin.delete, authenticate and so on
	Outcome   string
	Code      string // problem code, "" if allowed
	Status    int    // of the HTTP answer
	Caller    acsauth.Caller
	Target    acsauth.UserKey // the user that an administrator acted on
	Identity  acsauth.Identity
	Created   bool // the identity was made by this call
	Rule      string
	Policy    string // version of the policy
	Noted     bool   // the policy would refuse, and only notes it
	Count     int    // of things looked up at once; of refusals of strangers that were left out before this one
	Scopes    []acsauth.Scope
	Lifetime  time.Duration // of the issued token; the line has whole minutes
	TokenHash string        // SHA-256 of the issued token, hexadecimal
	Address   netip.Addr    // written only with Options.Addresses
}

// The kinds of lines.
const (
	kindStart    = "start"    // a process opened the log
	kindContinue = "continue" // the first line of a file that follows another while a process runs
	kindDecision = "decision"
	kindTorn     = "torn" // seals bytes that a crash left half written
	kindStop     = "stop" // an orderly end
)

// A line is what is written, in this order; the hash follows.
type line struct {
	Version  int      `json:"v"`
	Kind     string   `json:"kind"`
	Time     string   `json:"time"`
	Seq      uint64   `json:"seq"`
	Chain    string   `json:"chain"`
	Instance string   `json:"instance"`
	Request  string   `json:"request,omitempty"`
	Op       string   `json:"operation,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	Code     string   `json:"code,omitempty"`
	Status   int      `json:"status,omitempty"`
	Who      string   `json:"who,omitempty"`
	Target   string   `json:"target,omitempty"`
	Issuer   string   `json:"issuer,omitempty"`
	Tenant   string   `json:"tenant,omitempty"`
	Caller   string   `json:"caller,omitempty"`
	Client   string   `json:"client,omitempty"`
	Rule     string   `json:"rule,omitempty"`
	Policy   string   `json:"policy,omitempty"`
	Noted    bool     `json:"noted,omitempty"`
	Count    int      `json:"count,omitempty"`
	Identity string   `json:"identity,omitempty"`
	Created  bool     `json:"created,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Minutes  int      `json:"minutes,omitempty"`
	Token    string   `json:"token_sha256,omitempty"`
	Address  string   `json:"address,omitempty"`

	Keyed      string `json:"key,omitempty"` // id of the key, on lines that may change it
	TornBytes  int    `json:"torn_bytes,omitempty"`
	TornSHA256 string `json:"torn_sha256,omitempty"`

	Prev string `json:"prev"`
}

const (
	maxText   = 128 // bytes of one text in a line
	maxScopes = 16
)

// decision makes the line of an event. The writer adds its place in the chain.
func (l *Log) decision(e Event, at time.Time) line {
	d := line{
		Kind: kindDecision, Time: stamp(at), Request: clip(e.RequestID), Op: clip(e.Operation), Outcome: clip(e.Outcome), Code: clip(e.Code),
		Status: e.Status, Who: l.keys[0].user(e.Caller.Key), Target: l.keys[0].user(e.Target), Issuer: clip(e.Caller.Issuer),
		Tenant: clip(e.Caller.Tenant), Caller: clip(string(e.Caller.Kind)), Client: clip(e.Caller.Client), Rule: clip(e.Rule),
		Policy: clip(e.Policy), Noted: e.Noted, Count: e.Count, Identity: l.keys[0].identity(e.Identity), Created: e.Created,
		Minutes: int(e.Lifetime / time.Minute), Token: clip(e.TokenHash),
	}
	for _, s := range e.Scopes[:min(len(e.Scopes), maxScopes)] {
		d.Scopes = append(d.Scopes, clip(string(s)))
	}
	if l.o.Addresses && e.Address.IsValid() {
		d.Address = clip(e.Address.String())
	}
	return d
}

// stamp writes a time as RFC 3339 with nanoseconds, UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// clip bounds a text, so that a line is bounded.
func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "?")
}
