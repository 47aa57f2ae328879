package torture

import (
	"slices"

	"github.com/acs-solutions/acsauth"
)

// A Census is what exists when all is quiet.
type Census struct {
	Alive []string              // identities at ACS
	Rows  []acsauth.Mapping     // the whole store
	Lines []acsauth.JournalLine // the whole journal
}

// A Balance is how a census adds up.
type Balance struct {
	Alive    int // identities at ACS
	Mapped   int // of these, a row has them
	Known    int // of these, a journal line names them
	Surplus  int // of these, nothing names them
	Suspects int // journal lines, each of which may stand for one of the surplus
	Orphans  int // journal lines that name an identity
	// Uncovered is how many of the surplus no suspect can stand for. It must be 0.
	Uncovered int
}

// Audit compares a census with what was shown. What is wrong goes into the ledger.
func (l *Ledger) Audit(c Census) Balance {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := Balance{Alive: len(c.Alive)}
	mapped, known := l.auditRows(c.Rows), map[string]bool{}
	for _, line := range c.Lines {
		if line.Kind == acsauth.Suspect {
			b.Suspects++
			continue
		}
		b.Orphans++
		known[string(line.Identity)] = true
	}
	for _, id := range c.Alive {
		user, shown := l.owner[id]
		switch {
		case mapped[id]:
			b.Mapped++
		case known[id]:
			b.Known++
		default:
			b.Surplus++
		}
		if shown && !mapped[id] {
			l.violate("%s was shown to user %d, exists, and no row has it", id, user)
		}
		if l.deleted[id] {
			l.violate("%s was acknowledged as deleted and exists", id)
		}
	}
	for user, id := range l.current {
		if !slices.Contains(c.Alive, id) {
			l.violate("user %d is shown %s, which does not exist", user, id)
		}
		if !mapped[id] {
			l.violate("user %d is shown %s, and no row has it", user, id)
		}
	}
	if b.Uncovered = max(0, b.Surplus-b.Suspects); b.Uncovered > 0 {
		l.violate("%d identities exist that neither a row nor a journal line accounts for", b.Uncovered)
	}
	return b
}

// auditRows returns the identities that rows have, each once.
func (l *Ledger) auditRows(rows []acsauth.Mapping) map[string]bool {
	mapped := map[string]bool{}
	for _, row := range rows {
		if row.Identity == "" {
			continue
		}
		if mapped[string(row.Identity)] {
			l.violate("%s is in two rows", row.Identity)
		}
		mapped[string(row.Identity)] = true
	}
	return mapped
}

// Explain compares the journal with what went wrong: each line of it is the cost of one create that was
// lost or late, or of one call that a kill cut off.
func (l *Ledger) Explain(r Report) {
	if lines := r.Suspects + r.Orphans; lines > r.Injected() {
		l.Violate("the journal has %d lines, and only %d things went wrong", lines, r.Injected())
	}
}
