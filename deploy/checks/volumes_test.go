package checks

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// mounted returns the volume that a path of the container is in, and whether it can be written.
func mounted(p core.PodSpec, path string) (v core.Volume, writable bool) {
	for _, m := range p.Containers[0].VolumeMounts {
		if path != m.MountPath && !strings.HasPrefix(path, m.MountPath+"/") {
			continue
		}
		for _, v := range p.Volumes {
			if v.Name == m.Name {
				return v, !m.ReadOnly && m.SubPath == ""
			}
		}
	}
	return core.Volume{}, false
}

// Every file that the settings name is in a volume, which has it, can only be read, and is replaced when it changes.
func TestEveryFileIsMounted(t *testing.T) {
	seen := 0
	for _, name := range valueFiles(t) {
		all := install(t, name)
		p := pod(t, all)
		for setting, path := range environment(t, all) {
			if !strings.HasPrefix(path, "/var/run/acsauth/") {
				continue
			}
			seen++
			v, writable := mounted(p, path)
			if v.Name == "" || writable {
				t.Errorf("%s: %s=%s is in no volume, or in one that can be written", name, setting, path)
			}
			base := filepath.Base(path)
			switch {
			case v.ConfigMap != nil:
				if get[core.ConfigMap](t, all, "ConfigMap "+v.ConfigMap.Name).Data[base] == "" {
					t.Errorf("%s: %s has no %s", name, v.ConfigMap.Name, base)
				}
			case v.Secret != nil && v.Name == "secrets":
				if !slices.ContainsFunc(v.Secret.Items, func(i core.KeyToPath) bool { return i.Path == base }) || *v.Secret.DefaultMode != 0o440 {
					t.Errorf("%s: %s is not taken from %+v", name, base, v.Secret)
				}
			}
		}
		for _, m := range p.Containers[0].VolumeMounts {
			if m.SubPath != "" {
				t.Errorf("%s: %s is mounted with a subPath, and never replaced", name, m.Name)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d files", seen)
	}
}

func TestSQLiteHasAVolume(t *testing.T) {
	all := install(t, "sqlite")
	path := strings.TrimPrefix(environment(t, all)["ACSAUTH_STORE"], "sqlite:")
	v, writable := mounted(pod(t, all), path)
	if !writable || v.PersistentVolumeClaim == nil || pod(t, all).Containers[0].WorkingDir != filepath.Dir(path) {
		t.Fatalf("%s is in the volume %+v", path, v)
	}
	claim := get[core.PersistentVolumeClaim](t, all, "PersistentVolumeClaim "+v.PersistentVolumeClaim.ClaimName)
	if claim.Annotations["helm.sh/resource-policy"] != "keep" || claim.Spec.Resources.Requests.Storage().String() != "2Gi" {
		t.Errorf("%+v", claim)
	}
}

func TestSecretsFromKeyVault(t *testing.T) {
	all := install(t, "everything")
	v, _ := mounted(pod(t, all), "/var/run/acsauth/secrets/audit-keys")
	if v.CSI == nil || v.CSI.Driver != "secrets-store.csi.k8s.io" {
		t.Fatalf("%+v", v)
	}
	spec := get[secretProviderClass](t, all, "SecretProviderClass "+v.CSI.VolumeAttributes["secretProviderClass"]).Spec
	var list struct{ Array []string }
	if err := yaml.UnmarshalStrict([]byte(spec.Parameters["objects"]), &list); err != nil || len(list.Array) != 1 {
		t.Fatalf("%v: %s", err, spec.Parameters["objects"])
	}
	var object struct{ ObjectName, ObjectType string }
	if err := yaml.UnmarshalStrict([]byte(list.Array[0]), &object); err != nil || object.ObjectName != "audit-keys" || object.ObjectType != "secret" {
		t.Errorf("%v: %+v", err, object)
	}
	if spec.Provider != "azure" || spec.Parameters["keyvaultName"] != "contoso" || spec.Parameters["clientID"] == "" || spec.Parameters["tenantId"] == "" {
		t.Errorf("%+v", spec)
	}
}

// With a workload identity the service account and the pod say so, and the settings agree with what the webhook of AKS sets.
func TestWorkloadIdentity(t *testing.T) {
	for name, account := range map[string]string{"workload-identity": "auth-acsauth", "everything": "acsauth-pods", "minimal": "auth-acsauth"} {
		all := install(t, name)
		a := get[core.ServiceAccount](t, all, "ServiceAccount "+account)
		template := get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec.Template
		env, with := environment(t, all), name != "minimal"
		if template.Spec.ServiceAccountName != account || (template.Labels["azure.workload.identity/use"] == "true") != with {
			t.Errorf("%s: the pod has the account %s and the labels %v", name, template.Spec.ServiceAccountName, template.Labels)
		}
		if env["ACSAUTH_ACS_CLIENT_ID"] != a.Annotations["azure.workload.identity/client-id"] || env["ACSAUTH_ACS_TENANT_ID"] != a.Annotations["azure.workload.identity/tenant-id"] ||
			(env["ACSAUTH_ACS_CLIENT_ID"] != "") != with {
			t.Errorf("%s: %v %v", name, a.Annotations, env)
		}
		if with && (env["ACSAUTH_ACS_CREDENTIAL"] != "workload-identity" || env["ACSAUTH_KEYVAULT_CREDENTIAL"] != "workload-identity" ||
			env["ACSAUTH_ACS_TOKEN_PATH"] != "/var/run/secrets/azure/tokens/azure-identity-token") {
			t.Errorf("%s: %v", name, env)
		}
	}
}

// A change of settings or issuers restarts the pods; one of the policy, which is read again, does not.
func TestRestarts(t *testing.T) {
	sum := func(change string, value any) string {
		values := readValues(t, "everything")
		if change != "" {
			set(values, change, value)
		}
		rendered, err := render(values)
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(rendered["acsauth/templates/deployment.yaml"], "checksum/settings: ")
		line, _, _ = strings.Cut(line, "\n")
		return line
	}
	before := sum("", nil)
	if len(before) != 64 || sum("policy.comment", "x") != before {
		t.Errorf("a change of the policy restarts the pods: %q", before)
	}
	for change, value := range map[string]any{"settings.ACSAUTH_LOG_LEVEL": "warn", "issuers.comment": "x", "replicas": 5} {
		if sum(change, value) == before {
			t.Errorf("a change of %s restarts nothing", change)
		}
	}
}
