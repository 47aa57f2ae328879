package checks

import (
	"regexp"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
)

// The values that docs/kubernetes.md shows are good ones, each by itself or on top of the least that a release needs.
func TestValuesOfTheDocs(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(read(t, "docs/kubernetes.md"), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of values", len(blocks))
	}
	placeholder := regexp.MustCompile(`<[^>]+>`)
	base := chartutil.Values{}
	for _, b := range blocks {
		values, err := chartutil.ReadValues([]byte(placeholder.ReplaceAllString(b[1], "11aa22bb-0000-4000-8000-000000000001")))
		if err != nil {
			t.Fatal(err)
		}
		base = chartutil.CoalesceTables(values, base)
		if _, err := render(base); err != nil {
			t.Errorf("%v:\n%s", err, b[1])
		}
	}
}
