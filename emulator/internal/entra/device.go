package entra

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	deviceLifetime = 15 * time.Minute
	maxDevices     = 1000
	userCodeLength = 9
	userCodeSigns  = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32 signs without those that look alike
)

// deviceState is how far a device sign-in has come.
type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDeclined
	deviceRedeemed
)

// device is one device authorization request (RFC 8628).
type device struct {
	code     string
	userCode string
	tenant   tenant
	app      *App
	scopes   string
	expires  time.Time
	polled   time.Time // of the machine's clock: a clock that is moved or stands still must not make a client too fast
	state    deviceState
	facts    grantFacts
}

// devices are the requests, the oldest first. They are few: the oldest makes room for a new one.
type devices struct {
	poll time.Duration
	mu   sync.Mutex
	list []*device
}

func newDevices(poll time.Duration) *devices { return &devices{poll: poll} }

func (d *devices) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = nil
}

func (d *devices) add(one *device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) >= maxDevices {
		d.list = d.list[1:]
	}
	d.list = append(d.list, one)
}

// update runs f on the request that match accepts, under the lock, and reports whether there is one.
func (d *devices) update(match func(*device) bool, f func(*device)) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.list {
		if match(one) {
			f(one)
			return true
		}
	}
	return false
}

// newUserCode returns a code that a person can type.
func newUserCode() string {
	var b [userCodeLength]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = userCodeSigns[b[i]%byte(len(userCodeSigns))]
	}
	return string(b[:])
}

// deviceAnswer is the answer of the device authorization endpoint.
type deviceAnswer struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURI string `json:"verification_uri"`
	ExpiresIn       int64  `json:"expires_in"`
	Interval        int64  `json:"interval"`
	Message         string `json:"message"`
}

// deviceCode is the device authorization endpoint.
func (s *Service) deviceCode(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("devicecode")
	answer, e := s.newDevice(r, t)
	s.reply(w, r, answer, e)
}

// newDevice checks the request and starts a device sign-in.
func (s *Service) newDevice(r *http.Request, t tenant) (*deviceAnswer, *Error) {
	if e := readForm(r); e != nil {
		return nil, e
	}
	id := r.PostForm.Get("client_id")
	if id == "" {
		return nil, missing("client_id")
	}
	app, e := s.clientAt(t, id, "")
	if e != nil {
		return nil, e
	}
	raw := r.PostForm.Get("scope")
	set, e := s.dir.parseScope(raw)
	if e != nil {
		return nil, e
	}
	if _, e := set.consented(registered(s.effective(app, s.dir.concrete(t), nil))); e != nil {
		return nil, e
	}
	one := &device{
		code: "1.AQ" + randomText(48), userCode: newUserCode(), tenant: t, app: app, scopes: raw, expires: s.now().Add(deviceLifetime),
	}
	s.flow.devices.add(one)
	page := s.reachedAt(r) + "/devicelogin"
	return &deviceAnswer{
		UserCode: one.userCode, DeviceCode: one.code, VerificationURI: page,
		ExpiresIn: int64(deviceLifetime / time.Second), Interval: int64(s.flow.devices.poll / time.Second),
		Message: fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", page, one.userCode),
	}, nil
}

// redeemDevice is the device_code grant.
func (s *Service) redeemDevice(req tokenRequest) (*tokenAnswer, *Error) {
	name := req.form.Get("device_code")
	if name == "" {
		name = req.form.Get("code")
	}
	if name == "" {
		return nil, missing("device_code")
	}
	var facts grantFacts
	var e *Error
	found := s.flow.devices.update(func(d *device) bool { return d.code == name && d.app.ID == req.app.ID }, func(d *device) {
		if e = s.poll(d); e != nil {
			return
		}
		facts = d.facts
		if e = s.meet("device_code", presented{req.app, facts.user, facts.have}); e == nil {
			d.state = deviceRedeemed
		}
	})
	if !found {
		e = fail(70018, "The provided value for the input parameter 'device_code' is not valid.")
	}
	if e == nil {
		e = s.checkRevoked(facts)
	}
	if e == nil {
		e = facts.checkTenant(req.tenant)
	}
	if e != nil {
		return nil, e
	}
	set, e := s.scope(req.form.Get("scope"), facts.scopes)
	if e != nil {
		return nil, e
	}
	return s.delegated(req, set, facts)
}

// poll is the answer to a device that asks: nil when it gets its tokens.
func (s *Service) poll(d *device) *Error {
	early := !d.polled.IsZero() && time.Since(d.polled) < s.flow.devices.poll/2
	d.polled = time.Now()
	switch {
	case d.state == deviceRedeemed:
		return codeUsed()
	case !s.now().Before(d.expires):
		return fail(70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
	case d.state == deviceDeclined:
		e := fail(70018, "The end user has denied the authorization request.")
		e.OAuth = "authorization_declined"
		return e
	case d.state == deviceApproved:
		return nil
	}
	e := fail(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
	if early {
		e.OAuth = "slow_down"
	}
	return e
}

// byUserCode matches what a person typed: case, spaces and hyphens do not matter.
func byUserCode(typed string) func(*device) bool {
	typed = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	return func(d *device) bool { return d.userCode == typed && d.state == devicePending }
}
