package acsidentity

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// keyRefused reports whether the service itself said last, through the courier, that the signature is
// wrong, and the clocks agree. Such a request had no effect. IdentityNotOwned is a 401, too, but
// the key is good then; with clocks apart no key would do.
func (k *call) keyRefused(now time.Time) bool {
	if k == nil || k.last == nil || k.last.status != http.StatusUnauthorized || k.last.bodyErr != nil {
		return false
	}
	var body struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if len(k.last.body) > 0 && json.Unmarshal(k.last.body, &body) != nil {
		return false // not the service's own answer
	}
	return cmp.Or(body.Error.Code, k.last.header.Get("X-Ms-Error-Code")) == CodeDenied && skew(k.last.header, now) == 0
}

// keyAccepted reports whether the last answer proves that the key is good. A service that is
// overloaded or broken may answer before it looks at the signature.
func (k *call) keyAccepted() bool {
	if k == nil || k.last == nil {
		return false
	}
	switch status := k.last.status; status {
	case http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status >= 200 && status < 300 || status >= 400 && status < 500
	}
}

// mayRepeat reports whether a call that is sent once may be sent with another key.
func (k *call) mayRepeat() bool { return !k.once || !k.repeated }

// repeat lets one more try of a call that is sent once pass the courier.
func (k *call) repeat() { k.leave, k.repeated = true, true }

// takeLeave reports whether one more try may pass, and uses that up.
func (k *call) takeLeave() bool {
	leave := k.leave
	k.leave = false
	return leave
}
