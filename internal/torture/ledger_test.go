package torture

import (
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

func row(id string) acsauth.Mapping {
	return acsauth.Mapping{State: acsauth.Active, Identity: acsauth.Identity(id)}
}

// Each kind of violation is found, and its good twin is none.
func TestLedger(t *testing.T) {
	suspect := acsauth.JournalLine{Kind: acsauth.Suspect}
	for _, c := range []struct {
		name string
		want string // part of the one violation; "": none
		do   func(l *Ledger)
	}{
		{"one identity", "", func(l *Ledger) { l.Shown(1, "x"); l.Shown(1, "x"); l.Shown(2, "y") }},
		{"two identities", "with no deletion in between", func(l *Ledger) { l.Shown(1, "x"); l.Shown(1, "y") }},
		{"two users", "to the users 1 and 2", func(l *Ledger) { l.Shown(1, "x"); l.Shown(2, "x") }},
		{"deleted and made anew", "", func(l *Ledger) { l.Shown(1, "x"); l.Deleted(1); l.Shown(1, "y") }},
		{"back from the dead", "after its deletion was acknowledged", func(l *Ledger) { l.Shown(1, "x"); l.Deleted(1); l.Shown(1, "x") }},
		{"race", "", func(l *Ledger) { l.Shown(1, "x"); l.Raced(1, "x"); l.Raced(1, "y"); l.Forget(1); l.Shown(1, "y") }},
		{"race with the dead", "which was deleted long before", func(l *Ledger) { l.Shown(1, "x"); l.Deleted(1); l.Raced(1, "x") }},
		{"all adds up", "", func(l *Ledger) {
			l.Shown(1, "x")
			b := l.Audit(Census{Alive: []string{"x", "o", "s"}, Rows: []acsauth.Mapping{row("x")},
				Lines: []acsauth.JournalLine{suspect, {Kind: acsauth.Orphan, Identity: "o"}}})
			if b != (Balance{Alive: 3, Mapped: 1, Known: 1, Surplus: 1, Suspects: 1, Orphans: 1}) {
				t.Errorf("balance %+v", b)
			}
		}},
		{"surplus", "neither a row nor a journal line", func(l *Ledger) {
			if b := l.Audit(Census{Alive: []string{"s", "t"}, Lines: []acsauth.JournalLine{suspect}}); b.Uncovered != 1 {
				t.Errorf("balance %+v", b)
			}
		}},
		{"shown orphan", "exists, and no row has it", func(l *Ledger) {
			l.Raced(1, "x")
			l.Audit(Census{Alive: []string{"x"}, Lines: []acsauth.JournalLine{suspect}})
		}},
		{"deleted and alive", "acknowledged as deleted and exists", func(l *Ledger) {
			l.Shown(1, "x")
			l.Deleted(1)
			l.Audit(Census{Alive: []string{"x"}, Rows: []acsauth.Mapping{row("x")}})
		}},
		{"shown and dead", "which does not exist", func(l *Ledger) { l.Shown(1, "x"); l.Audit(Census{Rows: []acsauth.Mapping{row("x")}}) }},
		{"shown without a row", "exists, and no row has it\nuser 1 is shown x, and no row has it", func(l *Ledger) {
			l.Shown(1, "x")
			l.Audit(Census{Alive: []string{"x"}, Lines: []acsauth.JournalLine{suspect}})
		}},
		{"as many lines as faults", "", func(l *Ledger) { l.Explain(Report{Balance: Balance{Suspects: 2, Orphans: 1}, Faults: 1, CutOff: 2}) }},
		{"more lines than faults", "4 lines, and only 3 things", func(l *Ledger) {
			l.Explain(Report{Balance: Balance{Suspects: 3, Orphans: 1}, Faults: 1, CutOff: 2})
		}},
		{"two rows", "is in two rows", func(l *Ledger) {
			l.Audit(Census{Alive: []string{"x"}, Rows: []acsauth.Mapping{row("x"), row("x")}})
		}},
	} {
		l := NewLedger()
		c.do(l)
		got := strings.Join(l.Violations(), "\n")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
