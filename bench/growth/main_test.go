package main

import (
	"strings"
	"testing"
)

// TestQuick runs all of it with small figures, and looks at the rows.
func TestQuick(t *testing.T) {
	o := quick()
	var out, notes strings.Builder
	o.out, o.notes = &out, &notes
	if err := o.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	for title, rows := range map[string][]string{
		"First sign-ins":              {"SQLite", "PostgreSQL, fsync on"}, // Azurite may be missing
		"Memory":                      {"0, at rest", "50", "200"},
		"Memory of the caches":        {"500", "5,000"},
		"Start":                       {"new", "there already"},
		"Reads of a store that grows": {"500", "5,000"},
		"Replicas on one PostgreSQL":  {"1", "2", "3"},
	} {
		_, table, ok := strings.Cut(out.String(), "## "+title+"\n")
		if !ok {
			t.Errorf("there is no table %q", title)
			continue
		}
		table, _, _ = strings.Cut(table, "## ")
		for _, row := range rows {
			_, cells, ok := strings.Cut(table, "\n| "+row+" | ")
			cells, _, _ = strings.Cut(cells, "\n")
			if first, _, _ := strings.Cut(cells, " "); !ok || first == "" || first == "0" || first == "0.000" {
				t.Errorf("%s: the row %q is %q", title, row, cells)
			}
		}
	}
	if !strings.Contains(out.String(), "\n| 200 | 200; 200; 200 | ") {
		t.Error("the caches do not hold what 200 users left")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestNamesOfTables(t *testing.T) {
	o := quick()
	o.only = "cold,warm"
	if err := o.run(t.Context()); err == nil || !strings.Contains(err.Error(), `"warm"`) {
		t.Errorf("got %v", err)
	}
	o.only, o.rounds = "cold", 26
	if err := o.run(t.Context()); err == nil || !strings.Contains(err.Error(), "-rounds") {
		t.Errorf("got %v", err)
	}
}
