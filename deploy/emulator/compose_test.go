package emulator

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/acs-solutions/acsauth/emulator"
)

type service struct {
	Build       struct{ Dockerfile string }
	ReadOnly    bool `yaml:"read_only"`
	Tmpfs       []string
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Volumes     []string
	Ports       []string
	Image       string
	NetworkMode string                                `yaml:"network_mode"`
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Environment map[string]string
}

func readCompose(t *testing.T) (ours, app service) {
	t.Helper()
	text, err := os.ReadFile("compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]service
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if _, ok := file.Volumes["acsauth-ca"]; !ok || len(file.Services) != 2 {
		t.Fatalf("compose.yml holds %d services and the volumes %v", len(file.Services), file.Volumes)
	}
	return file.Services["acsauth-emulator"], file.Services["app"]
}

// loopbackOnly is a port that is published on this machine, under its own number.
var loopbackOnly = regexp.MustCompile(`^127\.0\.0\.1:(\d+):(\d+)$`)

func TestComposeIsClosed(t *testing.T) {
	ours, app := readCompose(t)
	if !ours.ReadOnly || !slices.Contains(ours.CapDrop, "ALL") || !slices.Contains(ours.SecurityOpt, "no-new-privileges:true") || len(ours.Tmpfs) != 1 {
		t.Errorf("the emulator is not shut in: %+v", ours)
	}
	var ports []string
	for _, p := range ours.Ports {
		m := loopbackOnly.FindStringSubmatch(p)
		if m == nil || m[1] != m[2] {
			t.Fatalf("port %q: want 127.0.0.1 and the same number on both sides", p)
		}
		ports = append(ports, m[1])
	}
	for _, p := range strings.Fields(last(t, readDockerfile(t), "EXPOSE")) {
		if !slices.Contains(ports, p) {
			t.Errorf("port %s of the image is not published", p)
		}
	}
	if len(app.Ports) > 0 || app.NetworkMode != "service:acsauth-emulator" || app.DependsOn["acsauth-emulator"].Condition != "service_healthy" {
		t.Errorf("the app does not share the network of a healthy emulator: %+v", app)
	}
	if ours.Build.Dockerfile != "deploy/emulator/Dockerfile" {
		t.Errorf("built from %q", ours.Build.Dockerfile)
	}
}

// The settings of the app are those of the emulator at the ports of the image.
func TestComposeSettings(t *testing.T) {
	_, app := readCompose(t)
	want := map[string]string{
		"COMMUNICATION_SERVICES_CONNECTION_STRING": "endpoint=https://localhost:8083/;accesskey=" + emulator.AccessKeyPrimary,
		"AZURE_AUTHORITY_HOST":                     "https://localhost:8083",
		"AZURE_TENANT_ID":                          emulator.TenantID,
		"AZURE_CLIENT_ID":                          emulator.DaemonClientID,
		"AZURE_CLIENT_SECRET":                      emulator.DaemonClientSecret,
	}
	for name, value := range want {
		if app.Environment[name] != value {
			t.Errorf("%s is %q, want %q", name, app.Environment[name], value)
		}
	}
	entry := words(t, last(t, readDockerfile(t), "ENTRYPOINT"))
	if !slices.Contains(entry, "--tls-listen=0.0.0.0:8083") || !slices.Contains(entry, "--ca="+app.Environment["NODE_EXTRA_CA_CERTS"]) {
		t.Errorf("the image has another port or place of the certificate: %q", entry)
	}
}
