package checks

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

const (
	repository = "../.."
	chartDir   = repository + "/deploy/helm/acsauth"
	release    = "auth" // so that names are auth-acsauth
)

// valueFiles are the values that the chart is rendered with.
func valueFiles(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of values: %v", len(files), err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	return names
}

func readValues(t *testing.T, name string) chartutil.Values {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/values", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values, err := chartutil.ReadValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// render does what helm template does, and returns the text of each template, without what is empty.
func render(values chartutil.Values) (map[string]string, error) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: "identity", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	maps.DeleteFunc(files, func(name, text string) bool { return strings.HasSuffix(name, ".tpl") || strings.TrimSpace(text) == "" })
	return files, err
}

func TestLint(t *testing.T) {
	for _, name := range valueFiles(t) {
		for _, m := range lint.All(chartDir, readValues(t, name), "identity", true).Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

// The notes tell how to ask the release, by its own names.
func TestNotes(t *testing.T) {
	files, err := render(readValues(t, "minimal"))
	if err != nil {
		t.Fatal(err)
	}
	notes := files["acsauth/templates/NOTES.txt"]
	for _, part := range []string{"2 pods in the namespace identity", "deployment/auth-acsauth", "helm -n identity test auth", "port-forward service/auth-acsauth 8080:80"} {
		if !strings.Contains(notes, part) {
			t.Errorf("the notes do not say %q:\n%s", part, notes)
		}
	}
}

// set puts a value at a path such as replicas or secrets.files.
func set(values chartutil.Values, path string, value any) {
	parts := strings.Split(path, ".")
	at := map[string]any(values)
	for _, p := range parts[:len(parts)-1] {
		next, _ := at[p].(map[string]any)
		if next == nil {
			next = map[string]any{}
			at[p] = next
		}
		at = next
	}
	if last := parts[len(parts)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
}

// What cannot work is refused with a message that says what to change.
func TestRefusals(t *testing.T) {
	type changes map[string]any
	for _, c := range []struct {
		file string
		changes
		said string
	}{
		{"minimal", changes{"settings.ACSAUTH_STORE": nil}, "settings.ACSAUTH_STORE: is not set"},
		{"minimal", changes{"settings.ACSAUTH_TENANT_IDS": nil}, "settings.ACSAUTH_TENANT_IDS: is not set"},
		{"minimal", changes{"settings.ACSAUTH_CLIENT_ID": nil}, "settings.ACSAUTH_CLIENT_ID: is not set"},
		{"minimal", changes{"settings.ACSAUTH_ALLOWED_CLIENTS": nil}, "settings.ACSAUTH_ALLOWED_CLIENTS: is not set"},
		{"minimal", changes{"secrets.files.ACSAUTH_ACS_CONNECTION_STRING": nil}, "no ACS resource"},
		{"minimal", changes{"secrets.existingSecret": ""}, "secrets.files needs one source"},
		{"everything", changes{"secrets.existingSecret": "acsauth"}, "secrets.files needs one source"},
		{"sqlite", changes{"secrets.existingSecret": "acsauth"}, "secrets.files is empty"},
		{"everything", changes{"secrets.csi.keyVaultName": ""}, "secrets.csi.keyVaultName: is not set"},
		{"workload-identity", changes{"secrets.files": map[string]any{"ACSAUTH_AUDIT_KEYS": "k"}, "secrets.existingSecret": "s"}, "ACSAUTH_AUDIT_KEYS is in settings and in secrets.files"},
		{"sqlite", changes{"replicas": 2}, "sqlite:/data/acsauth.db is a file that one process at a time may use: set replicas to 1"},
		{"sqlite", changes{"autoscaling.enabled": true}, "is a file that one process at a time may use"},
		{"sqlite", changes{"persistence.enabled": false}, "would be lost with its pod"},
		{"sqlite", changes{"settings.ACSAUTH_STORE": "sqlite:/var/acsauth.db"}, "is on the read-only root"},
		{"minimal", changes{"settings.ACSAUTH_STORE": "graph:"}, "sqlite:acsauth-journal.db is a file that one process at a time may use"},
		{"workload-identity", changes{"workloadIdentity.clientId": ""}, "workloadIdentity.clientId: is not set"},
		{"postgres-ha", changes{"autoscaling.minReplicas": 10}, "autoscaling.minReplicas is more than"},
		{"postgres-ha", changes{"networkPolicy.clients": []any{}}, "networkPolicy.clients: is empty"},
		{"postgres-ha", changes{"ingress.host": ""}, "ingress.host: is not set"},
		{"everything", changes{"httpRoute.parentRefs": []any{}}, "httpRoute.parentRefs: is empty"},
		{"everything", changes{"metrics.enabled": false}, "metrics.serviceMonitor.enabled needs metrics.enabled"},
		{"minimal", changes{"telemetry.headersSecret.name": "s"}, "telemetry.headersSecret.key: the key in that Secret"},
		// By the schema:
		{"minimal", changes{"telemetry.settings": map[string]any{"OTEL_EXPORTER_OTLP_HEADERS": "api-key=1"}}, "'not' failed"},
		{"minimal", changes{"telemetry.settings": map[string]any{"ACSAUTH_LOG_LEVEL": "debug"}}, "does not match pattern"},
		{"minimal", changes{"settings.ACSAUTH_STROE": "x"}, "additional properties 'ACSAUTH_STROE' not allowed"},
		{"minimal", changes{"settings.ACSAUTH_LISTEN": ":80"}, "additional properties 'ACSAUTH_LISTEN' not allowed"},
		{"minimal", changes{"settings.ACSAUTH_STORE_SECRET": "password"}, "does not match pattern '^keyvault:https://'"},
		{"minimal", changes{"secrets.files.ACSAUTH_LOG_LEVEL": "x"}, "additional properties 'ACSAUTH_LOG_LEVEL' not allowed"},
		{"minimal", changes{"secrets.files.ACSAUTH_AUDIT_KEYS": "../x"}, "does not match pattern"},
		{"minimal", changes{"replica": 3}, "additional properties 'replica' not allowed"},
		{"minimal", changes{"replicas": 100}, "maximum: got 100, want 99"},
		{"minimal", changes{"workloadIdentity.tenantId": "common"}, "does not match pattern"},
	} {
		values := readValues(t, c.file)
		for _, path := range slices.Sorted(maps.Keys(c.changes)) {
			set(values, path, c.changes[path])
		}
		if _, err := render(values); err == nil || !strings.Contains(err.Error(), c.said) {
			t.Errorf("%s with %v: got %v, want %q", c.file, c.changes, err, c.said)
		}
	}
}

// readValuesOfChart reads the defaults.
func readValuesOfChart(t *testing.T) chartutil.Values {
	t.Helper()
	text, err := os.ReadFile(chartDir + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values, err := chartutil.ReadValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
