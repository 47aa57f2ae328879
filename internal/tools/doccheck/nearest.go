package main

import (
	"maps"
	"slices"
)

// nearest returns the known word that is most like this one, with less than limit changes, or "".
func nearest(word string, known map[string]bool, limit int) string {
	best := ""
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if n := distance(word, k); n < limit {
			best, limit = k, n
		}
	}
	return best
}

// distance counts the letters to insert, drop or swap to turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
