package e2e

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// guides are the pages for operators and newcomers.
func guides() []string {
	return []string{"troubleshooting.md", "run-locally.md", "operations.md", "runbooks.md", "migrating-from-nodejs.md", "migrating-from-csharp.md", "faq.md"}
}

var (
	metricWord  = regexp.MustCompile(`\bacsauth_[a-z_]+\b`)
	labelWords  = regexp.MustCompile(`\b(event|code|kind|state|operation)=~?"([^"]+)"`)
	settingWord = regexp.MustCompile(`\bACSAUTH_[A-Z0-9_]+\b`)
	programWord = regexp.MustCompile("(?:`|^|[|] )acsauth ([a-z]+)\\b")
)

// Every metric, label, setting and command that the guides name is there.
func TestGuidesNameRealThings(t *testing.T) {
	w := newWorld(t, sqlitePlace, 1)
	w.env["ACSAUTH_ACS_QUOTA"] = "90"
	server := w.serve(t)
	w.ask(server, 0, "POST", "/getToken")
	res, err := client.Get(server.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	metrics, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	help := runToEnd(t, production(t), nil, "--help").stdout
	codes := codesByStatus(t)
	names := 0
	for _, page := range guides() {
		raw, err := os.ReadFile("../docs/" + page)
		if err != nil {
			t.Error(err)
			continue
		}
		text := strings.ReplaceAll(string(raw), `\|`, "|")
		have := func(what, name string, there bool) {
			t.Helper()
			if names++; !there {
				t.Errorf("%s: there is no %s %s", page, what, name)
			}
		}
		for _, name := range metricWord.FindAllString(text, -1) {
			have("metric", name, strings.Contains(string(metrics), "# TYPE "+strings.TrimSuffix(name, "_bucket")+" "))
		}
		for _, m := range labelWords.FindAllStringSubmatch(text, -1) {
			for value := range strings.SplitSeq(m[2], "|") {
				_, isCode := codes[value]
				there := m[1] == "operation" || m[1] == "code" && isCode // operations are in the metrics once they happened
				have(m[1], value, there || strings.Contains(string(metrics), m[1]+`="`+value+`"`))
			}
		}
		for _, name := range settingWord.FindAllString(text, -1) {
			if name != "ACSAUTH_TENNANT_IDS" { // the slip that is shown
				have("setting", name, strings.HasSuffix(name, "_") || strings.Contains(string(settings), "`"+name+"`"))
			}
		}
		for line := range strings.Lines(text) {
			for _, m := range programWord.FindAllStringSubmatch(line, -1) {
				have("command", m[1], strings.Contains(help, "\n  "+m[1]+" "))
			}
		}
	}
	t.Logf("%d names in %d pages", names, len(guides()))
}
