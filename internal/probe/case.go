package probe

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// goodControl is the name under which good requests are reported.
const goodControl = "good"

// A testCase is one request and what must come of it.
type testCase struct {
	control, name string
	req           request
	status        int
	// codes are those that may refuse. Only the first proves the control itself, unless any of them does.
	codes []string
	any   bool
	// check looks at an answer that has the right status and code, and returns what is wrong with it.
	check func(answer) string
	// good are the answers of a request that must be served.
	good []string
	// open are codes that only a request gets that was let in.
	open []string
}

// judge compares an answer with what must come.
func (k testCase) judge(a answer) Result {
	r := Result{Control: k.control, Case: k.name, Expected: k.expected(), Got: a.String()}
	switch {
	case len(k.good) > 0 && slices.Contains(k.good, a.String()):
		r.Verdict = Accepted
		if k.control != goodControl {
			r.Verdict = Refused // the request is good, and what is checked is something else
		}
	case a.status == http.StatusTooManyRequests || a.status >= 500 && !k.wants(a):
		r.Verdict = NoAnswer
	case len(k.good) > 0:
		r.Verdict = WrongAnswer
	case a.status < 300 || a.code == "identity_not_found" || slices.Contains(k.open, a.code):
		r.Verdict = LetIn
	case !k.wants(a):
		r.Verdict = WrongAnswer
	case !k.any && a.code != k.codes[0]:
		r.Verdict = Another
	default:
		r.Verdict = Refused
	}
	if k.check != nil && !r.Failed() {
		if wrong := k.check(a); wrong != "" {
			r.Got, r.Verdict = wrong, WrongAnswer
		}
	}
	return r
}

func (k testCase) wants(a answer) bool {
	return len(k.codes) > 0 && a.status == k.status && slices.Contains(k.codes, a.code)
}

func (k testCase) expected() string {
	if len(k.good) > 0 {
		return strings.Join(k.good, " or ")
	}
	return strconv.Itoa(k.status) + " " + strings.Join(k.codes, " or ")
}
