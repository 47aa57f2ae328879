package entra

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// PolicyID is the conditional access policy that a challenge names when [Obstacle].Claims is empty.
const PolicyID = "ac5a0000-0000-4000-a000-00000000ca01"

const policyChallenge = `{"access_token":{"capolids":{"essential":true,"values":["` + PolicyID + `"]}}}`

// Obstacle is what stands between a client and a token: the answer of conditional access, of a withdrawn consent or of a
// disabled account. The zero value is nothing.
type Obstacle struct {
	ConsentWithdrawn bool     // AADSTS65001, until the user consents again at the authorize endpoint
	Claims           string   // the claims challenge, in JSON, at most 8 KiB; with Code 0 the code is 50076
	Code             int      // an AADSTS code of [ObstacleCodes]
	Grants           []string // who meets it, of [ObstacleGrants]; empty: on_behalf_of
	User             string   // short name, object id or UPN of the one user who meets it; empty: all
	Times            int      // it ends after having been met that often, up to 10,000; 0: when it is replaced
}

// nothing reports whether there is no obstacle.
func (o Obstacle) nothing() bool { return !o.ConsentWithdrawn && o.Claims == "" && o.Code == 0 }

// code is the AADSTS code.
func (o Obstacle) code() int {
	switch {
	case o.ConsentWithdrawn:
		return 65001
	case o.Code == 0:
		return 50076
	}
	return o.Code
}

// ObstacleGrants are the names for [Obstacle].Grants.
func ObstacleGrants() []string {
	return []string{"authorize", "authorization_code", "refresh_token", "client_credentials", "on_behalf_of", "device_code"}
}

// ObstacleCodes are the codes for [Obstacle].Code, in ascending order.
func ObstacleCodes() []int {
	var codes []int
	for code := range obstacleKinds {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// conditions hold the obstacle in force.
type conditions struct {
	mu   sync.Mutex
	id   int // of the obstacle, so that a sign-in answers only the one it met
	set  Obstacle
	user string // object id
	left int
}

func (c *conditions) clear() { c.put(Obstacle{}, "") }

func (c *conditions) put(o Obstacle, user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.set, c.user, c.left = c.id+1, o, user, o.Times
}

// find returns the obstacle that is in force for a user; nil is an application that acts for itself.
func (c *conditions) find(user *User) (o Obstacle, id int, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set.nothing() || c.user != "" && (user == nil || user.ObjectID != c.user) {
		return Obstacle{}, 0, false
	}
	return c.set, c.id, true
}

// met counts down.
func (c *conditions) met(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id != id || c.set.Times == 0 {
		return
	}
	if c.left--; c.left <= 0 {
		c.set = Obstacle{}
	}
}

// check checks codes, grants and ranges.
func (o Obstacle) check() error {
	if _, ok := obstacleKinds[o.Code]; o.Code != 0 && !ok {
		return fmt.Errorf("entra: obstacle code %d is not one of %v", o.Code, ObstacleCodes())
	}
	if o.Code != 0 && o.ConsentWithdrawn && o.Code != 65001 {
		return fmt.Errorf("entra: an obstacle is either a withdrawn consent or the code %d", o.Code)
	}
	if _, err := parseChallenge(o.Claims); err != nil {
		return fmt.Errorf("entra: obstacle claims: %w", err)
	}
	for _, grant := range o.Grants {
		if !slices.Contains(ObstacleGrants(), grant) {
			return fmt.Errorf("entra: obstacle grant %q is not one of %s", clip(grant), strings.Join(ObstacleGrants(), ", "))
		}
	}
	if o.Times < 0 || o.Times > 10_000 {
		return fmt.Errorf("entra: an obstacle can be met 0 to 10,000 times, not %d", o.Times)
	}
	return nil
}

// SetObstacle changes what later requests meet, and ends the one before. It fails on what is not in the lists or out of range.
func (s *Service) SetObstacle(o Obstacle) error {
	if err := o.check(); err != nil {
		return err
	}
	oid := ""
	if o.User != "" {
		user := s.dir.user(o.User)
		if user == nil {
			return fmt.Errorf("entra: no user %q", clip(o.User))
		}
		oid = user.ObjectID
	}
	if o.nothing() {
		s.flow.conditions.clear()
		return nil
	}
	o.Grants = slices.Clone(o.Grants)
	if len(o.Grants) == 0 {
		o.Grants = []string{"on_behalf_of"}
	}
	s.flow.conditions.put(o, oid)
	return nil
}

// Obstacle returns the obstacle in force.
func (s *Service) Obstacle() Obstacle {
	c := &s.flow.conditions
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.set
	o.Grants = slices.Clone(o.Grants)
	return o
}

// presented is what a request brings against an obstacle.
type presented struct {
	app  *App
	user *User
	have proofs
}

// meet returns the error that a request meets, or nil.
func (s *Service) meet(grant string, p presented) *Error {
	o, id, found := s.flow.conditions.find(p.user)
	if !found || !slices.Contains(o.Grants, grant) || slices.Contains(p.have, answered(id)) {
		return nil
	}
	code := o.code()
	kind := obstacleKinds[code]
	if demands, _ := parseChallenge(o.challenge()); kind.claims && len(demands) > 0 && metAll(demands, p.have) {
		return nil
	}
	if kind.remedy == consent && p.user != nil && s.flow.consents.renewed(p.app.ID, p.user, id) {
		return nil
	}
	s.flow.conditions.met(id)
	e := fail(code, "%s", strings.NewReplacer("{id}", p.app.ID, "{name}", p.app.Name).Replace(kind.text))
	e.Suberror = kind.suberror
	if kind.claims {
		e.Claims = o.challenge()
	}
	if code == 53003 && grant == "client_credentials" {
		e.OAuth = "invalid_grant"
	}
	return e
}

// challenge is the claims challenge of an obstacle.
func (o Obstacle) challenge() string {
	if o.Claims == "" {
		return policyChallenge
	}
	return o.Claims
}

// answered is the proof of a sign-in that met an obstacle and did what it asks for.
func answered(id int) string { return "obstacle=" + strconv.Itoa(id) }

// signInProofs are the answers that an interactive sign-in gives: to its claims parameter, and to the obstacle that it meets.
func (s *Service) signInProofs(user *User, demands []demand) proofs {
	var p proofs
	for _, d := range demands {
		p = p.with(d.proof())
	}
	o, id, found := s.flow.conditions.find(user)
	kind := obstacleKinds[o.code()]
	if !found || kind.remedy != signAgain && (kind.remedy != stepUp || !slices.Contains(o.Grants, "authorize")) {
		return p
	}
	if asked, _ := parseChallenge(o.challenge()); kind.claims {
		for _, d := range asked {
			p = p.with(d.proof())
		}
	}
	return p.with(proofs{answered(id)})
}
