package emulator

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
)

// scenario is a rehearsal as it is defined: what it is for people, and how it begins.
type scenario struct {
	name     string
	summary  string
	sees     string // what a client sees
	right    string // what a right client does
	ends     string
	options  []string // names of the options that it takes
	defaults RehearsalOptions
	begin    func(*Emulator, *run, RehearsalOptions) error
}

// stepUpClaims asks for an authentication context, as Conditional Access does.
const stepUpClaims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`

// endless is the number of requests of a rule that only its end or a time ends.
const endless = -1

// scenarios are all rehearsals, in the order in which they are listed.
func scenarios() []scenario {
	const untilEnded, afterTimes = "when it is ended", "after {times} requests, or as many as times says"
	return []scenario{{
		name: "quota-hit", summary: "ACS refuses requests because the quota of the resource is used up",
		sees: "429 TooManyRequests with Retry-After", right: "waits for as long as Retry-After says, then sends the request once more; serves cached tokens meanwhile",
		ends: afterTimes, options: []string{"times", "retryAfter", "op", "for"},
		defaults: RehearsalOptions{Times: 3, RetryAfter: "2"}, begin: faulty(acs.Fault{Status: http.StatusTooManyRequests}),
	}, {
		name: "lost-reply", summary: "ACS does what it is asked, and the answer is lost on the way back",
		sees: "a closed connection; the identity exists all the same", right: "does not create a second identity blindly: it writes down that one may be orphaned, then decides",
		ends: afterTimes, options: []string{"times", "op", "for"},
		defaults: RehearsalOptions{Times: 1, Op: "create"}, begin: faulty(acs.Fault{DropAfter: true}),
	}, {
		name: "key-rotated", summary: "an access key of the ACS resource is regenerated",
		sees: "401 Denied with the old key; tokens that it made are revoked", right: "goes on with the other key, reads the new one, and lets its users fetch new tokens",
		ends: "when it is ended: the well-known key is put back, tokens stay revoked", options: []string{"slot"},
		defaults: RehearsalOptions{Slot: "primary"}, begin: rotateAccessKey,
	}, {
		name: "entra-keys-rolled", summary: "Entra ID signs with its next key; with drop, the keys before are withdrawn at once",
		sees: "tokens with another kid; with drop, tokens of the old keys do not verify any more", right: "fetches the key set again for a kid that it does not know, not more often than every few minutes",
		ends: "it does not: keys never come back", options: []string{"drop"}, begin: rollEntraKeys,
	}, {
		name: "consent-withdrawn", summary: "the tenant withdraws the consent for calling Graph on behalf of users",
		sees: "400 invalid_grant AADSTS65001, suberror consent_required, for On-Behalf-Of", right: "tells the client to ask for consent interactively; does not repeat the request",
		ends: untilEnded, begin: obstacle(func(RehearsalOptions) EntraObstacle { return EntraObstacle{ConsentWithdrawn: true} }),
	}, {
		name: "mfa-required", summary: "Conditional Access wants more than the token shows",
		sees: "400 AADSTS50076 with a claims challenge, for On-Behalf-Of", right: "passes the claims on to the client, which signs in again with them",
		ends: untilEnded, options: []string{"claims"}, defaults: RehearsalOptions{Claims: stepUpClaims},
		begin: obstacle(func(o RehearsalOptions) EntraObstacle { return EntraObstacle{Claims: o.Claims} }),
	}, {
		name: "foreign-identity", summary: "the identity belongs to another resource, as after a change of the connection string",
		sees: "401 IdentityNotOwned for an identity that was good before", right: "does not take it for a bad key, and does not replace identities without being told to",
		ends: afterTimes, options: []string{"times", "op", "for"},
		defaults: RehearsalOptions{Times: 3, Op: "issue"}, begin: foreignIdentity,
	}, {
		name: "graph-lag", summary: "reads from Graph show an older state, as replicas do",
		sees: "404 or old data right after a write that succeeded", right: "trusts the answer of its write, and does not write again because a read lags behind",
		ends: untilEnded, options: []string{"lag"}, defaults: RehearsalOptions{Lag: 30 * time.Second}, begin: lagGraph,
	}, {
		name: "graph-throttled", summary: "Graph refuses requests of the application",
		sees: "429 TooManyRequests with Retry-After, or without it for retryAfter none", right: "waits for as long as Retry-After says, or longer each time where there is none",
		ends: afterTimes, options: []string{"times", "retryAfter", "op", "for"},
		defaults: RehearsalOptions{Times: 3, RetryAfter: "2", Op: graphPrefix + anyOf}, begin: faulty(acs.Fault{Status: http.StatusTooManyRequests}),
	}, {
		name: "slow-upstream", summary: "everything answers late",
		sees: "answers after delay", right: "has a time limit of its own that is shorter than that of its callers, and bounds how many requests wait",
		ends: afterTimes, options: []string{"times", "delay", "op", "for"},
		defaults: RehearsalOptions{Times: 10, Delay: 3 * time.Second, Op: anyOf}, begin: faulty(acs.Fault{}),
	}, {
		name: "clock-24h", summary: "a day passes at once",
		sees: "access tokens, codes and sessions have expired; ACS tokens, too", right: "fetches new tokens without asking the user, as long as the refresh token is good",
		ends: "when it is ended: the clock goes back by as much", options: []string{"by"},
		defaults: RehearsalOptions{By: 24 * time.Hour}, begin: moveClock,
	}, {
		name: "acs-down", summary: "ACS is out of order",
		sees: "503 ServiceUnavailable", right: "answers 503 with Retry-After itself, serves what it has, and does not hammer",
		ends: "when it is ended, or after as many requests as times says, or the time for", options: []string{"times", "status", "retryAfter", "op", "for"},
		defaults: RehearsalOptions{Times: endless, Status: http.StatusServiceUnavailable}, begin: faulty(acs.Fault{}),
	}, {
		name: "entra-down", summary: "the token endpoint of Entra ID is out of order",
		sees: "503 temporarily_unavailable AADSTS90033", right: "uses cached tokens, and repeats the request later; MSAL itself waits for as long as Retry-After says",
		ends: afterTimes, options: []string{"times", "status", "retryAfter", "op", "for"},
		defaults: RehearsalOptions{Times: 3, Status: http.StatusServiceUnavailable, RetryAfter: "1", Op: entraPrefix + "token"}, begin: faulty(acs.Fault{}),
	}, {
		name: "bad-json", summary: "a success of ACS arrives cut in half",
		sees: "2xx with JSON that does not parse", right: "treats the outcome as unknown, as after a lost reply",
		ends: afterTimes, options: []string{"times", "op", "for"},
		defaults: RehearsalOptions{Times: 1}, begin: faulty(acs.Fault{BadJSON: true}),
	}}
}

// faulty begins a rehearsal that is a rule for faults.
func faulty(f acs.Fault) func(*Emulator, *run, RehearsalOptions) error {
	return func(e *Emulator, r *run, o RehearsalOptions) error {
		if o.Status != 0 {
			f.Status = o.Status
		}
		if f.RetryAfter = o.RetryAfter; o.RetryAfter == "none" {
			f.RetryAfter = ""
		}
		f.Delay = o.Delay
		add := rule{faultRule: faultRule{Op: o.Op, Times: o.Times, Fault: f}, Rehearsal: r.name}
		if o.For > 0 {
			add.Until = e.Now().Add(o.For)
		}
		return e.faults.rules.add(add)
	}
}

// foreignIdentity also names an identity that is another resource's, without any fault.
func foreignIdentity(e *Emulator, r *run, o RehearsalOptions) error {
	r.detail = map[string]string{"identity": "8:acs:" + OtherResourceID + "_" + uuid.NewString()}
	return faulty(acs.Fault{Status: http.StatusUnauthorized, Code: "IdentityNotOwned"})(e, r, o)
}

func rollEntraKeys(e *Emulator, _ *run, o RehearsalOptions) error { return e.RotateKeys(o.Drop) }

func moveClock(e *Emulator, r *run, o RehearsalOptions) error {
	r.undo = func() error { return e.Advance(-o.By) }
	return e.Advance(o.By)
}

// lagGraph puts the old lag back at the end, unless somebody else changed it.
func lagGraph(e *Emulator, r *run, o RehearsalOptions) error {
	before := e.graph.Behaviour()
	lagging := before
	lagging.ReadLag = o.Lag
	r.undo = func() error {
		now := e.graph.Behaviour()
		if now.ReadLag != o.Lag {
			return nil
		}
		now.ReadLag = before.ReadLag
		return e.graph.SetBehaviour(now)
	}
	return e.graph.SetBehaviour(lagging)
}

// obstacle begins a rehearsal that changes what Entra ID answers.
func obstacle(of func(RehearsalOptions) EntraObstacle) func(*Emulator, *run, RehearsalOptions) error {
	return func(e *Emulator, r *run, o RehearsalOptions) error {
		r.undo = func() error { return e.SetEntra(EntraObstacle{}) }
		return e.SetEntra(of(o))
	}
}

// rotateAccessKey puts the well-known key back at the end.
func rotateAccessKey(e *Emulator, r *run, o RehearsalOptions) error {
	slot, err := keySlot(o.Slot)
	if err != nil {
		return err
	}
	key, err := e.RegenerateKey(slot)
	if err != nil {
		return err
	}
	r.detail = map[string]string{"slot": o.Slot, "accessKey": key}
	r.undo = func() error { return e.restoreKey(slot) }
	return nil
}
