package container

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
	"github.com/acs-solutions/acsauth/internal/config"
)

func TestComposeIsClosed(t *testing.T) {
	file := image.ReadCompose(t)
	if len(file.Services) != 3 {
		t.Fatalf("%d services", len(file.Services))
	}
	for name, s := range file.Services {
		ports := s.CheckClosed(t, name)
		switch {
		case name == "acsauth" && !slices.Equal(ports, []string{"8080", "9090"}), name != "acsauth" && len(ports) > 0:
			t.Errorf("%s publishes %v", name, ports)
		case s.Build.Dockerfile != "":
			if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Error(err)
			}
		case !regexp.MustCompile(`^postgres:\d+-\w+$`).MatchString(s.Image) || s.NetworkMode != "none":
			t.Errorf("%s runs %q in the network %q", name, s.Image, s.NetworkMode)
		}
		for _, secret := range s.Secrets {
			if path := file.Secrets[secret].File; !strings.HasPrefix(path, "./secrets/") {
				t.Errorf("the secret %s is %q, which git may keep", secret, path)
			}
		}
	}
	if file.Services["acsauth"].DependsOn["db"].Condition != "service_healthy" {
		t.Error("acsauth does not wait for the database")
	}
	dev := file.Services["acsauth-dev"]
	if !slices.Equal(dev.Profiles, []string{"emulator"}) {
		t.Errorf("acsauth-dev has the profiles %q", dev.Profiles)
	}
	for _, word := range dev.Command {
		if name, value, ok := strings.Cut(word, "-listen="); ok && !strings.HasPrefix(value, "127.0.0.1:") {
			t.Errorf("%s listens on %s", name, value)
		}
	}
}

// values stands for what a user gives.
func values(t *testing.T) map[string]string {
	const id = "11aa22bb-0000-4000-8000-00000000000"
	return map[string]string{
		"ACSAUTH_TENANT_IDS": id + "1", "ACSAUTH_CLIENT_ID": id + "2", "ACSAUTH_ALLOWED_CLIENTS": id + "3",
		"acs-connection-string": "endpoint=https://contoso.communication.azure.com/;accesskey=bm90LXJlYWw=", "store-password": "not-real",
	}
}

// environment is what a container gets of the service, secrets as files of the test.
func environment(t *testing.T, s image.Service) (list []string) {
	t.Helper()
	given, dir := values(t), t.TempDir()
	for _, secret := range s.Secrets {
		if err := os.WriteFile(filepath.Join(dir, secret), []byte(given[secret]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	variable := regexp.MustCompile(`^\$\{(\w+):-\}$`) // :? would keep acsauth-dev from starting, too
	for name, value := range s.Environment {
		if m := variable.FindStringSubmatch(value); m != nil {
			value = given[m[1]]
		}
		list = append(list, name+"="+strings.Replace(value, "/run/secrets", dir, 1))
	}
	return list
}

// The service takes what the compose file gives it: every name is known, every secret is read, and it stops within its grace.
func TestComposeSettings(t *testing.T) {
	s := image.ReadCompose(t).Services["acsauth"]
	c, err := config.Load(config.Sources{Environ: environment(t, s)}, config.Production)
	if err != nil {
		t.Fatal(err)
	}
	if c.StoreKind() != config.Postgres || c.ACSConnectionString.Reveal() != values(t)["acs-connection-string"] || c.StoreSecret.Reveal() != values(t)["store-password"] {
		t.Errorf("the store is %s, or a secret was not read", c.Store)
	}
	grace, err := time.ParseDuration(s.Grace)
	if err != nil || grace <= c.ShutdownDelay+c.ShutdownTimeout {
		t.Errorf("%v after the signal it is killed, and it may take %v: %v", grace, c.ShutdownDelay+c.ShutdownTimeout, err)
	}
	if _, err := config.Load(config.Sources{Environ: append(environment(t, s), "ACSAUTH_STROE=x")}, config.Production); err == nil {
		t.Error("a name that is not known was taken, so this test proves nothing")
	}
}
