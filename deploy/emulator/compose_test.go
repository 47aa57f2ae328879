package emulator

import (
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/deploy/internal/image"
	"github.com/acs-solutions/acsauth/emulator"
)

func readCompose(t *testing.T) (ours, app image.Service) {
	t.Helper()
	file := image.ReadCompose(t)
	if _, ok := file.Volumes["acsauth-ca"]; !ok || len(file.Services) != 2 {
		t.Fatalf("compose.yml holds %d services and the volumes %v", len(file.Services), file.Volumes)
	}
	return file.Services["acsauth-emulator"], file.Services["app"]
}

func TestComposeIsClosed(t *testing.T) {
	ours, app := readCompose(t)
	ports := ours.CheckClosed(t, "the emulator")
	for _, p := range strings.Fields(image.Read(t).Last(t, "EXPOSE")) {
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
	entry := image.Words(t, image.Read(t).Last(t, "ENTRYPOINT"))
	if !slices.Contains(entry, "--tls-listen=0.0.0.0:8083") || !slices.Contains(entry, "--ca="+app.Environment["NODE_EXTRA_CA_CERTS"]) {
		t.Errorf("the image has another port or place of the certificate: %q", entry)
	}
}
