package checks

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"sigs.k8s.io/yaml"
)

// A workflow is what is looked at beyond what actionlint does.
type workflow struct {
	Permissions map[string]string `json:"permissions"`
	Concurrency map[string]any    `json:"concurrency"`
	Jobs        map[string]job    `json:"jobs"`
}

type job struct {
	Uses        string            `json:"uses"`
	Timeout     int               `json:"timeout-minutes"`
	Permissions map[string]string `json:"permissions"`
	Container   struct {
		Image string `json:"image"`
	} `json:"container"`
	Steps []struct {
		Uses string         `json:"uses"`
		Run  string         `json:"run"`
		With map[string]any `json:"with"`
	} `json:"steps"`
}

func workflowFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(repository + "/.github/workflows/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	return files
}

func readWorkflow(t *testing.T, file string) (w workflow, text string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, &w); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return w, string(b)
}

func TestActionlint(t *testing.T) {
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{WorkingDir: repository})
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.LintFiles(workflowFiles(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	bad := "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ steps.x.y }}\n"
	if found, err := l.Lint("bad.yml", []byte(bad), nil); err != nil || len(found) == 0 {
		t.Errorf("a fault is not found: %v", err)
	}
}

// pinned is an action by the commit that a version was, which the comment tells.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

// A workflow has no right that it does not name, ends some day, and runs only what somebody has looked at.
func TestWorkflowsAreClosed(t *testing.T) {
	for _, file := range workflowFiles(t) {
		w, text := readWorkflow(t, file)
		name := filepath.Base(file)
		if w.Permissions == nil || len(w.Permissions) > 0 || !strings.Contains(text, "\npermissions: {}\n") || len(w.Concurrency) == 0 {
			t.Errorf("%s: permissions %v, concurrency %v", name, w.Permissions, w.Concurrency)
		}
		if strings.Contains(text, "pull_request_target") || strings.Contains(text, "write-all") {
			t.Errorf("%s gives rights to strangers", name)
		}
		for _, m := range regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`).FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(m[1]) && !strings.HasPrefix(m[1], "./.github/workflows/") {
				t.Errorf("%s: %s is not pinned", name, m[1])
			}
		}
		for id, j := range w.Jobs {
			checkJob(t, name+", "+id, j)
		}
	}
}

func checkJob(t *testing.T, name string, j job) {
	t.Helper()
	if len(j.Permissions) == 0 || j.Uses == "" && (j.Timeout == 0 || j.Timeout > 60) {
		t.Errorf("%s: permissions %v, timeout %d", name, j.Permissions, j.Timeout)
	}
	for right, level := range j.Permissions {
		if level == "write" && !strings.HasPrefix(name, "release.yml") && right != "security-events" {
			t.Errorf("%s may write %s", name, right)
		}
	}
	for _, s := range j.Steps {
		if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
			t.Errorf("%s keeps the token of the checkout", name)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an expression is part of a script: %s", name, s.Run)
		}
		for _, script := range regexp.MustCompile(`(?:bash|-f) ((?:scripts|deploy|\.github)/\S+)`).FindAllStringSubmatch(s.Run, -1) {
			if _, err := os.Stat(filepath.Join(repository, script[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The values that CI installs the chart with are good ones.
func TestChartValuesOfCI(t *testing.T) {
	text, err := os.ReadFile(repository + "/.github/chart-values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	if _, err := render(values); err != nil {
		t.Error(err)
	}
}

// Dependencies in folders that there are.
func TestDependabot(t *testing.T) {
	text, err := os.ReadFile(repository + "/.github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Updates []struct {
			Ecosystem   string   `json:"package-ecosystem"`
			Directories []string `json:"directories"`
		} `json:"updates"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	manifest := map[string]string{"gomod": "go.mod", "npm": "package-lock.json", "docker": "Dockerfile"}
	seen := 0
	for _, u := range file.Updates {
		for _, dir := range u.Directories {
			seen++
			if _, err := os.Stat(filepath.Join(repository, dir, manifest[u.Ecosystem])); err != nil {
				t.Error(err)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d folders", seen)
	}
}
