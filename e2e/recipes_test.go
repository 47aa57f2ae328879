package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const recipesPage = "../docs/recipes.md"

// uncompiled are the languages that this machine has no compiler for. The page says so of each, and shows the request instead.
var uncompiled = []string{"csharp", "swift", "kotlin"}

// Each block of docs/recipes.md runs as it is written.
func TestRecipes(t *testing.T) {
	blocks := blocksOf(t, recipesPage)
	k := newRecipeRunner(t, start(t, nil, "--json", "--listen", "127.0.0.1:0"), blocks[0])
	run := map[string]func(*testing.T, block){"sh": k.shell, "python": k.python, "go": k.golang, "ts": k.typescript, "http": k.http}
	for i, b := range blocks[1:] {
		t.Run(fmt.Sprintf("%d %s, %s", i+1, b.heading, b.language), func(t *testing.T) {
			switch execute := run[b.language]; {
			case execute != nil:
				execute(t, b)
			case !slices.Contains(uncompiled, b.language):
				t.Errorf("nothing runs %s", b.language)
			case !slices.ContainsFunc(blocks, func(o block) bool { return o.heading == b.heading && o.language == "http" }):
				t.Error("it is not compiled, and no request is shown that was sent instead")
			}
		})
	}
}

// The table of routes names what is there, with the status that it answers.
func TestRecipesRoutes(t *testing.T) {
	k := newRecipeRunner(t, start(t, nil, "--json", "--listen", "127.0.0.1:0"), blocksOf(t, recipesPage)[0])
	for _, row := range tableRows(t, recipesPage, "Which route do I call?") {
		method, path, ok := strings.Cut(strings.Trim(row[2], "`"), " ")
		if !ok || strings.HasPrefix(row[2], "`/") || path == "/oauth2/token" {
			continue // the row of the samples' routes has a page of its own, that of OAuth a recipe
		}
		_, host, _ := strings.Cut(k.api, "://")
		m := message{line: method + " " + path + " HTTP/1.1", fields: []string{"Host: " + host, "Authorization: Bearer " + k.token, teamsField + ": " + k.teams}}
		a, err := (&wire{addr: host}).alone(m.String())
		if err != nil || !strings.Contains(row[3], fmt.Sprint(a.status)) {
			t.Errorf("%s %s: %v %s, the page says %s", method, path, err, a, row[3])
		}
	}
}

// The errors of the page are those of docs/errors.md.
func TestRecipesErrors(t *testing.T) {
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range tableRows(t, recipesPage, "Errors worth handling") {
		code, named := strings.CutPrefix(row[1], "`")
		want := fmt.Sprintf("\n## %s\n\nStatus %s.", strings.TrimSuffix(code, "`"), row[0])
		if named && !strings.Contains(string(text), want) {
			t.Errorf("docs/errors.md does not have %q", want)
		}
	}
}
