package checks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// buildProgram builds acsauth.
func buildProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "acsauth")
	build := exec.Command("go", "build", "-o", path, "./cmd/acsauth")
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// secretOf is a value that a secret setting may have.
func secretOf(setting string) string {
	switch {
	case strings.HasPrefix(setting, "ACSAUTH_ACS_CONNECTION_STRING"):
		return "endpoint=https://contoso.communication.azure.com/;accesskey=" + base64.StdEncoding.EncodeToString([]byte(setting))
	case strings.HasSuffix(setting, "_KEYS"):
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("not real", 4)))
	}
	return "not-real"
}

// put writes a file of the pod.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// putCertificate writes a certificate and its key.
func putCertificate(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"auth.example.com"}, NotAfter: time.Now().Add(30 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	put(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
}

// files writes what a pod has below /var/run/acsauth into dir.
func files(t *testing.T, all objects, dir string) {
	t.Helper()
	env := environment(t, all)
	for name, path := range env {
		if setting, ok := strings.CutSuffix(name, "_FILE"); ok {
			put(t, dir+path, secretOf(setting)+"\n")
		}
	}
	if cert := env["ACSAUTH_TLS_CERTIFICATE"]; cert != "" {
		putCertificate(t, dir+cert, dir+env["ACSAUTH_TLS_KEY"])
	}
	for setting, part := range map[string]string{"ACSAUTH_POLICY": "policy", "ACSAUTH_ISSUERS": "issuers"} {
		if path := env[setting]; path != "" {
			data := get[core.ConfigMap](t, all, "ConfigMap auth-acsauth-"+part).Data
			put(t, dir+path, data[filepath.Base(path)])
		}
	}
}

// What the chart makes of the values is taken by acsauth check, with all the files, as it would be in the pod.
func TestSettingsAreGood(t *testing.T) {
	program := buildProgram(t)
	check := func(env []string) (string, error) {
		run := exec.Command(program, "check")
		run.Env = env
		out, err := run.CombinedOutput()
		return string(out), err
	}
	for _, name := range valueFiles(t) {
		all, dir := install(t, name), t.TempDir()
		files(t, all, dir)
		var env []string
		for setting, value := range environment(t, all) {
			env = append(env, setting+"="+strings.Replace(value, "/var/run/acsauth", dir+"/var/run/acsauth", 1))
		}
		out, err := check(env)
		if err != nil || !strings.Contains(out, "The settings are good.") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if out, err := check(append(env, "ACSAUTH_STROE=x")); err == nil || !strings.Contains(out, "ACSAUTH_STROE") {
			t.Errorf("%s: an unknown name was taken, so this test proves nothing", name)
		}
	}
	if out, err := check([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=pigeon"}); err == nil || !strings.Contains(out, "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("a protocol that there is not was taken:\n%s", out)
	}
	all := install(t, "postgres-ha")
	if env := environment(t, all); env["ACSAUTH_VERIFIED_CACHE"] != "1000000" || env["ACSAUTH_ALLOW_GUESTS"] != "false" {
		t.Errorf("numbers and words of YAML became %q and %q", env["ACSAUTH_VERIFIED_CACHE"], env["ACSAUTH_ALLOW_GUESTS"])
	}
}

// Telemetry is set up by the standard names, and the key for its receiver comes from a Secret.
func TestTelemetry(t *testing.T) {
	all := install(t, "everything")
	env := environment(t, all)
	if env["OTEL_EXPORTER_OTLP_ENDPOINT"] != "http://collector.monitoring:4317" || env["OTEL_EXPORTER_OTLP_PROTOCOL"] != "grpc" || env["OTEL_METRIC_EXPORT_INTERVAL"] != "30000" {
		t.Errorf("%v", env)
	}
	for _, e := range get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec.Template.Spec.Containers[0].Env {
		if e.Name == "OTEL_EXPORTER_OTLP_HEADERS" {
			if ref := e.ValueFrom.SecretKeyRef; e.Value != "" || ref.Name != "collector" || ref.Key != "headers" {
				t.Errorf("%+v", e)
			}
			return
		}
	}
	t.Error("the pod has no headers for the receiver")
}
