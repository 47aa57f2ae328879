package doctor

import (
	"fmt"
	"time"
)

const (
	clockWarning = time.Minute
	clockFault   = 5 * time.Minute // ACS refuses signatures, and tokens count as expired or not valid yet
)

// clock judges a difference, and reports whether signatures and tokens can be good.
func (e *exam) clock(id, subject string, a answer) bool {
	if !a.dated {
		e.skip(id, subject, "the answer has no date")
		return true
	}
	return e.skew(id, subject, a.skew)
}

func (e *exam) skew(id, subject string, skew time.Duration) bool {
	seen := fmt.Sprintf("this machine's clock is %v ahead", skew.Round(time.Second))
	if skew < 0 {
		seen = fmt.Sprintf("this machine's clock is %v behind", -skew.Round(time.Second))
	}
	what := advice{"set the clock of this machine by NTP: signatures for ACS and times in tokens depend on it", "chronyc tracking or timedatectl; on a virtual machine, the time service of its host"}
	switch off := skew.Abs(); {
	case off > clockFault:
		e.bad(id, subject, Fault, seen, what)
		return false
	case off > clockWarning:
		e.bad(id, subject, Warning, seen, what)
	default:
		e.ok(id, subject, fmt.Sprintf("within %v", (off+time.Second).Truncate(time.Second)))
	}
	return true
}
