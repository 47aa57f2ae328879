package authn

import "testing"

// All 615 vectors are there: 401 signatures and 49 of the mixed file, 139 encrypted tokens, 26 keys; and every deviation names one of them.
func TestRegressionVectorsAreComplete(t *testing.T) {
	known := map[vectorID]bool{}
	for file, want := range map[string][3]int{ // signatures, encrypted tokens, groups with keys
		"json_web_signature_test.json":  {401, 0, 0},
		"json_web_crypto_test.json":     {49, 34, 0},
		"json_web_encryption_test.json": {0, 139, 0},
		"json_web_key_test.json":        {26, 0, 26},
	} {
		var got [3]int
		for _, g := range loadVectors(t, file).TestGroups {
			for _, c := range g.Tests {
				known[vectorID{file, c.ID}] = true
				if c.JWS != nil {
					got[0]++
				}
				if c.JWE != nil {
					got[1]++
				}
				if file == "json_web_key_test.json" {
					got[2]++
				}
			}
		}
		if got != want {
			t.Errorf("%s has %v vectors, want %v", file, got, want)
		}
	}
	for id, reason := range deviations {
		if !known[id] || reason == "" {
			t.Errorf("%v is no vector, or its deviation has no reason", id)
		}
	}
}
