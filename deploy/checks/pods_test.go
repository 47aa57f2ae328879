package checks

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
)

// restricted wants what the profile "restricted" of the Pod Security Standards asks for, and a read-only root.
func restricted(t *testing.T, name string, p core.PodSpec) {
	t.Helper()
	s := p.SecurityContext
	if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser != 65532 || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s: the security context of the pod is %+v", name, s)
	}
	if p.HostNetwork || p.HostPID || p.HostIPC || p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken || p.EnableServiceLinks == nil || *p.EnableServiceLinks {
		t.Errorf("%s: it shares something of the node, or has a token of the cluster", name)
	}
	for _, c := range p.Containers {
		s := c.SecurityContext
		if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.Privileged != nil || s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("%s: the security context of the container is %+v", name, s)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: a resource is not bounded: %+v", name, c.Resources)
		}
		for _, e := range c.Env {
			if strings.Contains(e.Name, "SECRET") {
				t.Errorf("%s: %s is in the environment", name, e.Name)
			}
		}
	}
	for _, v := range p.Volumes {
		if v.HostPath != nil || v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil {
			t.Errorf("%s: the volume %s is of the node, or has no bound", name, v.Name)
		}
	}
}

func TestPodsAreRestricted(t *testing.T) {
	for _, name := range valueFiles(t) {
		all := install(t, name)
		restricted(t, name, pod(t, all))
		restricted(t, name+", helm test", get[core.Pod](t, all, "Pod auth-acsauth-test").Spec)
	}
}

// A pod is alive by /livez and gets requests by /readyz, at the port and with the scheme that the service has.
func TestProbes(t *testing.T) {
	for _, name := range valueFiles(t) {
		all := install(t, name)
		c, env := pod(t, all).Containers[0], environment(t, all)
		scheme := core.URISchemeHTTP
		if env["ACSAUTH_TLS_CERTIFICATE"] != "" {
			scheme = core.URISchemeHTTPS
		}
		for path, p := range map[string]*core.Probe{"/livez": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
			if p == nil || p.HTTPGet == nil || p.HTTPGet.Path != path || p.HTTPGet.Port.StrVal != "http" || p.HTTPGet.Scheme != scheme || p.TimeoutSeconds < 3 {
				t.Errorf("%s: the probe for %s is %+v", name, path, p)
			}
		}
		if p := c.StartupProbe; p.HTTPGet.Path != "/livez" || p.FailureThreshold*p.PeriodSeconds < 60 {
			t.Errorf("%s: it has %d times %d s to start", name, p.FailureThreshold, p.PeriodSeconds)
		}
		ports := map[string]string{}
		for _, p := range c.Ports {
			ports[p.Name] = ":" + strconv.Itoa(int(p.ContainerPort))
		}
		if ports["http"] != env["ACSAUTH_LISTEN"] || ports["metrics"] != env["ACSAUTH_METRICS_LISTEN"] {
			t.Errorf("%s: it listens at %s and %s, the ports are %v", name, env["ACSAUTH_LISTEN"], env["ACSAUTH_METRICS_LISTEN"], ports)
		}
	}
}

// The kubelet waits for longer than the service takes to stop.
func TestStopping(t *testing.T) {
	for name, want := range map[string][3]int64{"minimal": {10, 28, 43}, "everything": {20, 40, 65}} {
		all := install(t, name)
		env, grace := environment(t, all), *pod(t, all).TerminationGracePeriodSeconds
		delay, err1 := time.ParseDuration(env["ACSAUTH_SHUTDOWN_DELAY"])
		timeout, err2 := time.ParseDuration(env["ACSAUTH_SHUTDOWN_TIMEOUT"])
		got := [3]int64{int64(delay.Seconds()), int64(timeout.Seconds()), grace}
		if err1 != nil || err2 != nil || got != want {
			t.Errorf("%s: delay, timeout and grace are %v, want %v", name, got, want)
		}
	}
}

// No replica is taken away before a new one is ready, and the share of the limits of ACS is right for the most that there can be.
func TestReplicas(t *testing.T) {
	for name, want := range map[string]struct {
		replicas int32 // 0: left to the autoscaler
		most     string
		budget   string
	}{
		"minimal": {2, "3", "1"}, "postgres-ha": {0, "10", "1"}, "sqlite": {1, "1", ""}, "workload-identity": {2, "3", "1"}, "everything": {4, "5", "25%"},
	} {
		all := install(t, name)
		d := get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec
		if got := environment(t, all)["ACSAUTH_REPLICAS"]; got != want.most {
			t.Errorf("%s: ACSAUTH_REPLICAS is %s, want %s", name, got, want.most)
		}
		if (d.Replicas == nil) != (want.replicas == 0) || d.Replicas != nil && *d.Replicas != want.replicas {
			t.Errorf("%s: replicas %v, want %d", name, d.Replicas, want.replicas)
		}
		if roll := d.Strategy.RollingUpdate; (d.Strategy.Type == apps.RecreateDeploymentStrategyType) != (want.most == "1") ||
			roll != nil && (roll.MaxUnavailable.IntValue() != 0 || roll.MaxSurge.IntValue() != 1) {
			t.Errorf("%s: strategy %+v", name, d.Strategy)
		}
		b, _ := all["PodDisruptionBudget auth-acsauth"].(*policy.PodDisruptionBudget)
		if (b == nil) != (want.budget == "") || b != nil && b.Spec.MaxUnavailable.String() != want.budget {
			t.Errorf("%s: budget %+v, want %q", name, b, want.budget)
		}
		if b != nil && !covers(b.Spec.Selector.MatchLabels, d.Template.Labels) {
			t.Errorf("%s: the budget is for other pods", name)
		}
		for _, c := range d.Template.Spec.TopologySpreadConstraints {
			if !covers(c.LabelSelector.MatchLabels, d.Template.Labels) {
				t.Errorf("%s: other pods are spread", name)
			}
		}
	}
	h := get[autoscaling.HorizontalPodAutoscaler](t, install(t, "postgres-ha"), "HorizontalPodAutoscaler auth-acsauth").Spec
	if h.ScaleTargetRef.Name != "auth-acsauth" || *h.MinReplicas != 3 || h.MaxReplicas != 9 || *h.Metrics[0].Resource.Target.AverageUtilization != 70 {
		t.Errorf("%+v", h)
	}
}

// covers reports whether a selector fits labels.
func covers(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}
