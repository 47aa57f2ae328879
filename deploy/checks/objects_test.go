package checks

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Objects of extensions, with the members that are used here and no others.
type (
	serviceMonitor struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
		Spec            struct {
			Selector  meta.LabelSelector `json:"selector"`
			Endpoints []struct {
				Port     string `json:"port"`
				Path     string `json:"path"`
				Interval string `json:"interval"`
			} `json:"endpoints"`
		} `json:"spec"`
	}
	httpRoute struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
		Spec            struct {
			ParentRefs []struct{ Name, Namespace string } `json:"parentRefs"`
			Hostnames  []string                           `json:"hostnames"`
			Rules      []struct {
				Matches []struct {
					Path struct{ Type, Value string } `json:"path"`
				} `json:"matches"`
				BackendRefs []struct {
					Name string `json:"name"`
					Port int32  `json:"port"`
				} `json:"backendRefs"`
			} `json:"rules"`
		} `json:"spec"`
	}
	secretProviderClass struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
		Spec            struct {
			Provider   string            `json:"provider"`
			Parameters map[string]string `json:"parameters"`
		} `json:"spec"`
	}
)

// objects are what a release consists of, by kind and name.
type objects map[string]any

// newObject returns an empty object of a kind, in the version that is used here.
func newObject(version, kind string) (any, error) {
	known := map[string]any{
		"v1/ConfigMap": &core.ConfigMap{}, "v1/PersistentVolumeClaim": &core.PersistentVolumeClaim{}, "v1/Pod": &core.Pod{},
		"v1/Service": &core.Service{}, "v1/ServiceAccount": &core.ServiceAccount{}, "apps/v1/Deployment": &apps.Deployment{},
		"autoscaling/v2/HorizontalPodAutoscaler": &autoscaling.HorizontalPodAutoscaler{}, "policy/v1/PodDisruptionBudget": &policy.PodDisruptionBudget{},
		"networking.k8s.io/v1/Ingress": &networking.Ingress{}, "networking.k8s.io/v1/NetworkPolicy": &networking.NetworkPolicy{},
		"monitoring.coreos.com/v1/ServiceMonitor": &serviceMonitor{}, "gateway.networking.k8s.io/v1/HTTPRoute": &httpRoute{},
		"secrets-store.csi.x-k8s.io/v1/SecretProviderClass": &secretProviderClass{},
	}
	if o, ok := known[version+"/"+kind]; ok {
		return o, nil
	}
	return nil, fmt.Errorf("no object %s/%s is expected", version, kind)
}

// install renders the chart and decodes all of it, so strictly that a member in the wrong place is a fault.
func install(t *testing.T, name string) objects {
	t.Helper()
	files, err := render(readValues(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out := objects{}
	for file, text := range files {
		if strings.HasSuffix(file, "NOTES.txt") {
			continue
		}
		for _, document := range regexp.MustCompile(`(?m)^---$`).Split(text, -1) {
			if strings.TrimSpace(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(document, "")) == "" {
				continue
			}
			key, o, err := decode(document)
			if err != nil {
				t.Fatalf("%s of %s: %v\n%s", file, name, err, document)
			}
			if out[key] != nil {
				t.Fatalf("%s: %s is there twice", name, key)
			}
			out[key] = o
		}
	}
	return out
}

func decode(document string) (key string, o any, err error) {
	var head struct {
		meta.TypeMeta `json:",inline"`
		Metadata      meta.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal([]byte(document), &head); err != nil {
		return "", nil, err
	}
	if head.Metadata.Name == "" || head.Metadata.Labels["app.kubernetes.io/instance"] != release {
		return "", nil, fmt.Errorf("it has the name %q and the labels %v", head.Metadata.Name, head.Metadata.Labels)
	}
	if o, err = newObject(head.APIVersion, head.Kind); err != nil {
		return "", nil, err
	}
	return head.Kind + " " + head.Metadata.Name, o, yaml.UnmarshalStrict([]byte(document), o, yaml.DisallowUnknownFields)
}

// get returns the object of a kind and a name.
func get[T any](t *testing.T, all objects, key string) *T {
	t.Helper()
	o, ok := all[key].(*T)
	if !ok {
		t.Fatalf("there is no %s", key)
	}
	return o
}

// pod is what the Deployment runs.
func pod(t *testing.T, all objects) core.PodSpec {
	t.Helper()
	return get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec.Template.Spec
}

// environment is what the service is told.
func environment(t *testing.T, all objects) map[string]string {
	t.Helper()
	return get[core.ConfigMap](t, all, "ConfigMap auth-acsauth").Data
}

func TestDecodingIsStrict(t *testing.T) {
	const good = "apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {app.kubernetes.io/instance: auth}}\nspec: {type: ClusterIP}\n"
	if _, _, err := decode(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		strings.Replace(good, "type:", "kind:", 1), strings.Replace(good, "kind: Service", "kind: Servce", 1), good + "spec: {}\n",
		strings.Replace(good, "ClusterIP", "[1]", 1), strings.Replace(good, "instance: auth", "instance: other", 1),
	} {
		if _, _, err := decode(bad); err == nil {
			t.Errorf("decoded:\n%s", bad)
		}
	}
}
