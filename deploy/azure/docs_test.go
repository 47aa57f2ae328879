package azure

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var guides = []string{"publish-to-azure.md", "before-the-first-run.md"}

// What begins like a setting of the service is one: in the guides, the outputs, and what azd keeps, which somebody may hand to the service as a whole.
func TestNamesOfSettings(t *testing.T) {
	settings := regexp.MustCompile(`ACSAUTH_\w+`)
	known := settings.FindAllString(readDoc(t, "configuration.md"), -1)
	texts := map[string]string{"azure.yaml": readDoc(t, "../azure.yaml")}
	for _, g := range guides {
		texts[g] = readDoc(t, g)
	}
	for _, file := range []string{"main.parameters.json", "register-app.sh", "azuredeploy.json", "appservice.bicep", "appregistration.bicep"} {
		texts[file] = readDoc(t, "../deploy/azure/"+file)
	}
	for where, text := range texts {
		for _, name := range settings.FindAllString(text, -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s: %s is no setting", where, name)
			}
		}
	}
}

// The variables of azd that the guide tells to set are read by somebody.
func TestGuideSetsVariables(t *testing.T) {
	read := readDoc(t, "../deploy/azure/main.parameters.json") + readDoc(t, "../deploy/azure/register-app.sh")
	for _, name := range regexp.MustCompile(`DEPLOY_\w+`).FindAllString(readDoc(t, "publish-to-azure.md"), -1) {
		if !strings.Contains(read, "{"+name) {
			t.Errorf("%s is read by nobody", name)
		}
	}
}

// The table of choices has every parameter but those without a choice, with its default.
func TestGuideListsParameters(t *testing.T) {
	guide := readDoc(t, "publish-to-azure.md")
	declared := map[string]any{}
	for _, p := range places {
		maps.Copy(declared, p.template(t)["parameters"].(map[string]any))
	}
	for name := range declared {
		if !strings.Contains(guide, name) && !slices.Contains([]string{"name", "location", "tags", "dataLocation"}, name) {
			t.Errorf("the parameter %s is not in the guide", name)
		}
	}
	_, table, _ := strings.Cut(guide, "## The choices")
	table, _, _ = strings.Cut(table, "\n\nThere is")
	for _, row := range strings.Split(table, "\n| `")[1:] {
		names := regexp.MustCompile("`?([a-z]\\w+)`").FindAllStringSubmatch(strings.SplitN(row, " |", 2)[0], -1)
		for _, m := range names {
			p, ok := declared[m[1]].(map[string]any)
			if !ok {
				t.Errorf("there is no parameter %s", m[1])
				continue
			}
			if v, ok := p["defaultValue"].(string); ok && v != "" && len(names) == 1 && !strings.Contains(row, v) {
				t.Errorf("the default of %s is %s, and the guide says %s", m[1], v, row)
			}
		}
	}
}

// What the guides tell to type takes these options and parameters, and links lead to headings that are there.
func TestGuidesCommands(t *testing.T) {
	script, err := os.ReadFile("register-app.sh")
	if err != nil {
		t.Fatal(err)
	}
	errorCodes := readDoc(t, "errors.md")
	for _, g := range guides {
		text := readDoc(t, g)
		for _, line := range regexp.MustCompile(`(?m)register-app\.sh[^\n`+"`"+`]*`).FindAllString(text, -1) {
			for _, option := range regexp.MustCompile(`--[a-z-]+`).FindAllString(line, -1) {
				if !regexp.MustCompile(regexp.QuoteMeta(option) + `[ )]`).Match(script) {
					t.Errorf("%s: register-app.sh has no option %s", g, option)
				}
			}
		}
		for _, m := range regexp.MustCompile(`\[(\w+)\]\(errors\.md#(\w+)\)`).FindAllStringSubmatch(text, -1) {
			if m[1] != m[2] || !strings.Contains(errorCodes, "\n## "+m[1]+"\n") {
				t.Errorf("%s: there is no code %s", g, m[0])
			}
		}
		for _, m := range regexp.MustCompile(`\]\(\.\./(deploy/[^)#]+)\)|[ (](deploy/azure/[\w./-]+\w)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat("../../" + m[1] + m[2]); err != nil {
				t.Errorf("%s: %v", g, err)
			}
		}
	}
}

// The button leads to the template of the main branch.
func TestButton(t *testing.T) {
	const raw = "https%3A%2F%2Fraw.githubusercontent.com%2Facs-solutions%2Facsauth%2Fmain%2Fdeploy%2Fazure%2Fazuredeploy.json"
	if !strings.Contains(readDoc(t, "publish-to-azure.md"), "(https://portal.azure.com/#create/Microsoft.Template/uri/"+raw+")") {
		t.Error("the button leads elsewhere")
	}
}
