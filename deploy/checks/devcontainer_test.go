package checks

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDevcontainer(t *testing.T) {
	plain := regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(read(t, ".devcontainer/devcontainer.json"), "")
	d := json.NewDecoder(bytes.NewBufferString(plain))
	d.DisallowUnknownFields()
	var file struct {
		Name              string                            `json:"name"`
		Build             struct{ Dockerfile string }       `json:"build"`
		RemoteUser        string                            `json:"remoteUser"`
		Privileged        bool                              `json:"privileged"`
		ForwardPorts      []int                             `json:"forwardPorts"`
		PortsAttributes   map[string]struct{ Label string } `json:"portsAttributes"`
		PostCreateCommand string                            `json:"postCreateCommand"`
		Customizations    map[string]any                    `json:"customizations"`
	}
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for port := range file.PortsAttributes {
		if n, err := strconv.Atoi(port); err != nil || !slices.Contains(file.ForwardPorts, n) {
			t.Errorf("port %s is not forwarded", port)
		}
	}
	if file.RemoteUser != "root" {
		t.Error("scripts/test.sh needs root")
	}
	read(t, ".devcontainer/"+file.Build.Dockerfile)
}

// One version of Go everywhere: that of the toolchain in go.mod. And Node is new enough.
func TestVersionsAgree(t *testing.T) {
	m := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	if m == nil {
		t.Fatal("go.mod names no toolchain")
	}
	for _, file := range []string{".devcontainer/Dockerfile", ".github/workflows/ci.yml", "deploy/container/Dockerfile", "deploy/emulator/Dockerfile", "deploy/checks/go.mod", "tools/go.mod"} {
		text := read(t, file)
		for _, v := range regexp.MustCompile(`(?m)(?:golang:|^toolchain go)(\d+\.\d+\.\d+)`).FindAllStringSubmatch(text, -1) {
			if v[1] != m[1] {
				t.Errorf("%s has Go %s, go.mod has %s", file, v[1], m[1])
			}
		}
		if !strings.Contains(file, "tools/") && !strings.Contains(text, m[1]) {
			t.Errorf("%s does not name Go %s", file, m[1])
		}
	}
	for file, form := range map[string]string{".devcontainer/Dockerfile": `FROM node:(\d+)-`, ".github/workflows/ci.yml": `node-version: "(\d+)"`} {
		v := regexp.MustCompile(form).FindStringSubmatch(read(t, file))
		if n, err := strconv.Atoi(v[1]); err != nil || n < 20 {
			t.Errorf("%s has Node %s", file, v[1])
		}
	}
}

// What scripts/test.sh would install is in the image already.
func TestDevcontainerHasWhatTestsNeed(t *testing.T) {
	image := read(t, ".devcontainer/Dockerfile")
	needed := regexp.MustCompile(`\bneed \S+ ([a-z]\w+)`).FindAllStringSubmatch(read(t, "scripts/test.sh"), -1)
	if len(needed) < 5 {
		t.Fatalf("only %d packages are needed", len(needed))
	}
	for _, p := range append(needed, []string{"", "openssl"}, []string{"", "python3"}) { // those of check.sh, too
		if !regexp.MustCompile(`\b`+p[1]+`\b`).MatchString(image) && p[1] != "gcc" && p[1] != "libc6" { // golang's image has a compiler
			t.Errorf("%s is not in the image", p[1])
		}
	}
}
