package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

func runIn(dir string, c *exec.Cmd) error {
	c.Dir = dir
	return c.Run()
}

func readRelease(t *testing.T) config.Project {
	t.Helper()
	p, err := config.Load(repository + "/.goreleaser.yaml") // strict: a member that is not known is a fault
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Both programs are built for every platform, static, and so that the same commit gives the same bytes.
func TestReleasedPrograms(t *testing.T) {
	p := readRelease(t)
	if ignored := exec.Command("git", "check-ignore", "-q", p.Dist); p.Dist == "" || runIn(repository, ignored) != nil {
		t.Errorf("git sees %q, so the version would say +dirty", p.Dist)
	}
	if p.Version != 2 || len(p.Builds) != 2 || len(p.Archives) != 2 {
		t.Fatalf("version %d, %d builds, %d archives", p.Version, len(p.Builds), len(p.Archives))
	}
	for i, name := range []string{"acsauth", "acsauth-dev"} {
		b, a := p.Builds[i], p.Archives[i]
		if b.ID != name || b.Binary != name || b.Main != "./cmd/"+name {
			t.Errorf("build %+v", b)
		}
		if _, err := os.Stat(filepath.Join(repository, b.Main)); err != nil {
			t.Error(err)
		}
		if !slices.Equal(b.Goos, []string{"linux", "darwin", "windows"}) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) {
			t.Errorf("%s is built for %q and %q", name, b.Goos, b.Goarch)
		}
		if !slices.Contains(b.Env, "CGO_ENABLED=0") || !slices.Contains(b.Flags, "-trimpath") || b.ModTimestamp != "{{ .CommitTimestamp }}" || strings.Contains(strings.Join(b.Ldflags, " "), "ate") {
			t.Errorf("%s is not reproducible: %+v", name, b)
		}
		if !slices.Equal(a.IDs, []string{name}) || a.BuildsInfo.MTime != "{{ .CommitDate }}" || a.BuildsInfo.Mode != 0o755 {
			t.Errorf("archive %+v", a)
		}
		for _, f := range a.Files {
			if _, err := os.Stat(filepath.Join(repository, f.Source)); err != nil || f.Info.MTime != "{{ .CommitDate }}" || f.Info.Mode != 0o644 {
				t.Errorf("%s: %+v: %v", name, f, err)
			}
		}
	}
}

// Whoever loads a release can check what it is: sums, bills of material, signatures without a key.
func TestReleaseCanBeVerified(t *testing.T) {
	p := readRelease(t)
	if p.Checksum.Algorithm != "sha256" || p.Checksum.NameTemplate != "checksums.txt" {
		t.Errorf("%+v", p.Checksum)
	}
	if len(p.SBOMs) != 1 || p.SBOMs[0].Artifacts != "archive" || !slices.Contains(p.SBOMs[0].Args, "spdx-json=$document") {
		t.Errorf("%+v", p.SBOMs)
	}
	if len(p.Signs) != 1 || p.Signs[0].Artifacts != "checksum" || p.Signs[0].Cmd != "cosign" || slices.ContainsFunc(p.Signs[0].Args, func(a string) bool { return strings.HasPrefix(a, "--key") }) {
		t.Errorf("%+v", p.Signs)
	}
	if len(p.DockerSigns) != 1 || !slices.Equal(p.DockerSigns[0].Args, []string{"sign", "--yes", "${artifact}@${digest}"}) {
		t.Errorf("%+v", p.DockerSigns)
	}
	if !p.Release.Draft {
		t.Error("nobody looks at a release before others see it")
	}
}

// The image of a release is made of the program of that release, by a stage of the Dockerfile, for the platforms that it is built for.
func TestReleasedImage(t *testing.T) {
	p := readRelease(t)
	if len(p.DockersV2) != 1 {
		t.Fatalf("%d images", len(p.DockersV2))
	}
	d := p.DockersV2[0]
	text, err := os.ReadFile(filepath.Join(repository, d.Dockerfile))
	if err != nil {
		t.Fatal(err)
	}
	stage := regexp.MustCompile(`(?m)^FROM \S+ AS release$`)
	if !stage.Match(text) || !slices.Equal(d.Flags, []string{"--target=release"}) || !slices.Equal(d.IDs, []string{"acsauth"}) {
		t.Errorf("%+v", d)
	}
	for name := range d.BuildArgs {
		if !regexp.MustCompile(`(?m)^ARG ` + name + `\b`).Match(text) {
			t.Errorf("the Dockerfile has no ARG %s", name)
		}
	}
	if !slices.Equal(d.Platforms, []string{"linux/amd64", "linux/arm64"}) || d.SBOM != "true" {
		t.Errorf("%+v", d)
	}
	values := readValuesOfChart(t)
	if image, _ := values["image"].(map[string]any); !slices.Contains(d.Images, image["repository"].(string)) {
		t.Errorf("the chart takes %v, and released is %q", image["repository"], d.Images)
	}
}
