package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
)

func newRules() *rules { return &rules{now: time.Now} }

func status(op string, times, code int) rule {
	return rule{faultRule: faultRule{Op: op, Times: times, Fault: acs.Fault{Status: code}}}
}

// The oldest rule comes first, and is forgotten once it is used up.
func TestRules(t *testing.T) {
	s := newRules()
	for _, r := range []rule{status("create", 2, 500), status("issue", 0, 501), status("", endless, 502)} {
		if err := s.add(r); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		op   string
		want int
	}{{"create", 500}, {"delete", 502}, {"create", 500}, {"create", 502}, {"issue", 501}, {"issue", 502}, {"graph.add", 0}} {
		if got := s.next(step.op).Status; got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
	if left := s.all(); len(left) != 1 || left[0].Fault.Status != 502 {
		t.Errorf("left: %+v", left)
	}
	s.clear()
	if got := s.next("create"); got != (Fault{}) {
		t.Errorf("without rules: %+v", got)
	}
}

func TestRuleRefusals(t *testing.T) {
	s := newRules()
	late := rule{faultRule: faultRule{Fault: acs.Fault{Delay: time.Hour}}}
	for _, r := range []rule{status("list", 1, 500), status("createWithToken", 1, 500), status("", -2, 500), status("", 1, 200), late} {
		if s.add(r) == nil || s.replace([]rule{r}) == nil {
			t.Errorf("%+v: no error", r)
		}
	}
	for range maxRules {
		if err := s.add(status("", 1, 500)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.add(status("", 1, 500)); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("error %v", err)
	}
}
