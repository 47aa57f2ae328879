package torture

import (
	"fmt"
	"strings"
	"time"
)

// Injected is how many things went wrong that may leave an identity behind.
func (r Report) Injected() int { return r.Faults + r.CutOff }

// Table returns the report as a Markdown table of one row.
func (r Report) Table(store string) string {
	var head, rule, row strings.Builder
	for _, c := range []struct {
		name  string
		value any
	}{
		{"store", store}, {"replicas", r.Replicas}, {"users", r.Users}, {"calls", r.Calls}, {"repeated", r.Failed},
		{"kills", r.Kills}, {"database kills", r.DatabaseKills}, {"faults", r.Injected()}, {"created", r.Made}, {"deleted", r.Deleted},
		{"alive", r.Alive}, {"mapped", r.Mapped}, {"suspects", r.Suspects}, {"orphans", r.Orphans}, {"surplus", r.Surplus},
		{"uncovered", r.Uncovered}, {"disagreements", len(r.Violations)},
		{"longest wait, s", fmt.Sprintf("%.1f", r.Longest.Seconds())}, {"seconds", r.Took.Round(time.Second).Seconds()},
	} {
		fmt.Fprintf(&head, "| %s ", c.name)
		rule.WriteString("|---")
		fmt.Fprintf(&row, "| %v ", c.value)
	}
	return head.String() + "|\n" + rule.String() + "|\n" + row.String() + "|\n"
}
