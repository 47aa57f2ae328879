package image

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A Service is one of a compose file.
type Service struct {
	Profiles    []string
	Build       struct{ Context, Dockerfile string }
	Image       string
	User        string
	Entrypoint  []string
	Command     []string
	ReadOnly    bool `yaml:"read_only"`
	Tmpfs       []string
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Volumes     []string
	Ports       []string
	Secrets     []string
	NetworkMode string                                `yaml:"network_mode"`
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Grace       string                                `yaml:"stop_grace_period"`
	Environment map[string]string
	Healthcheck struct{ Test []string }
}

// A Compose is a compose file.
type Compose struct {
	Services map[string]Service
	Secrets  map[string]struct{ File string }
	Volumes  map[string]any
}

// ReadCompose reads the compose file of the folder that the test is in.
func ReadCompose(t *testing.T) (c Compose) {
	t.Helper()
	text, err := os.ReadFile("compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// loopbackOnly is a port that is published on this machine, under its own number.
var loopbackOnly = regexp.MustCompile(`^127\.0\.0\.1:(\d+):(\d+)$`)

// CheckClosed wants a container that can do no more than it must, and returns the ports that it publishes, all on loopback.
func (s Service) CheckClosed(t *testing.T, name string) (ports []string) {
	t.Helper()
	if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || len(s.Tmpfs) == 0 {
		t.Errorf("%s is not shut in: %+v", name, s)
	}
	for _, p := range s.Ports {
		m := loopbackOnly.FindStringSubmatch(p)
		if m == nil || m[1] != m[2] {
			t.Fatalf("port %q of %s: want 127.0.0.1 and the same number on both sides", p, name)
		}
		ports = append(ports, m[1])
	}
	return ports
}
