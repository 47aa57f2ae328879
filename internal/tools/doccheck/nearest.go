package main

import (
	"maps"
	"slices"

	"github.com/acs-solutions/acsauth/internal/config"
)

// nearest returns the known word that is most like this one, with less than limit changes, or "".
func nearest(word string, known map[string]bool, limit int) string {
	best := ""
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if n := config.Distance(word, k); n < limit {
			best, limit = k, n
		}
	}
	return best
}
