package checks

import (
	"fmt"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// lead wants a Service to be for the pods of the Deployment, at a port that they have.
func lead(t *testing.T, all objects, service string) core.ServicePort {
	t.Helper()
	s := get[core.Service](t, all, "Service "+service).Spec
	template := get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec.Template
	if !covers(s.Selector, template.Labels) || len(s.Ports) != 1 {
		t.Fatalf("%s is for %v, with %d ports", service, s.Selector, len(s.Ports))
	}
	for _, p := range template.Spec.Containers[0].Ports {
		if p.Name == s.Ports[0].TargetPort.StrVal {
			return s.Ports[0]
		}
	}
	t.Fatalf("%s leads to the port %s, which no container has", service, s.Ports[0].TargetPort.StrVal)
	return core.ServicePort{}
}

func TestServices(t *testing.T) {
	for _, name := range valueFiles(t) {
		all := install(t, name)
		port := lead(t, all, "auth-acsauth")
		if metrics := lead(t, all, "auth-acsauth-metrics"); metrics.TargetPort.StrVal != "metrics" || port.TargetPort.StrVal != "http" {
			t.Errorf("%s: %v %v", name, metrics, port)
		}
		test := get[core.Pod](t, all, "Pod auth-acsauth-test").Spec.Containers[0]
		if want := []string{"healthcheck", fmt.Sprintf("--listen=auth-acsauth:%d", port.Port)}; !slices.Equal(test.Args, want) || test.Image != pod(t, all).Containers[0].Image {
			t.Errorf("%s: helm test runs %q of %s", name, test.Args, test.Image)
		}
	}
	all := install(t, "everything")
	if m := get[serviceMonitor](t, all, "ServiceMonitor auth-acsauth"); !covers(m.Spec.Selector.MatchLabels, get[core.Service](t, all, "Service auth-acsauth-metrics").Labels) || m.Labels["release"] != "prometheus" {
		t.Errorf("%+v", m)
	}
	if covers(get[serviceMonitor](t, all, "ServiceMonitor auth-acsauth").Spec.Selector.MatchLabels, get[core.Service](t, all, "Service auth-acsauth").Labels) {
		t.Error("the monitor is for the public Service, too")
	}
	port := lead(t, all, "auth-acsauth").Port
	if r := get[httpRoute](t, all, "HTTPRoute auth-acsauth").Spec.Rules[0].BackendRefs[0]; r.Name != "auth-acsauth" || r.Port != port {
		t.Errorf("the route leads to %+v", r)
	}
	for _, name := range []string{"everything", "postgres-ha"} {
		all := install(t, name)
		i := get[networking.Ingress](t, all, "Ingress auth-acsauth").Spec
		if b := i.Rules[0].HTTP.Paths[0].Backend.Service; i.Rules[0].Host != "auth.example.com" || b.Name != "auth-acsauth" || b.Port.Number != lead(t, all, "auth-acsauth").Port {
			t.Errorf("%s: the ingress leads %s to %+v", name, i.Rules[0].Host, b)
		}
	}
	if i := get[networking.Ingress](t, install(t, "postgres-ha"), "Ingress auth-acsauth").Spec; *i.IngressClassName != "nginx" || i.TLS[0].SecretName != "auth-tls" {
		t.Errorf("%+v", i)
	}
}

// allowed names the ports of a rule, with the first network if there is one.
func allowed(ports []networking.NetworkPolicyPort, to []networking.NetworkPolicyPeer) (names []string) {
	for _, p := range ports {
		name := fmt.Sprintf("%s %d", *p.Protocol, p.Port.IntVal)
		if len(to) > 0 {
			name += " " + to[0].IPBlock.CIDR
		}
		names = append(names, name)
	}
	return names
}

// Only those who are named come in, and nothing goes out but what the settings need.
func TestNetworkPolicy(t *testing.T) {
	const dns, tls = "UDP 53", "TCP 443"
	for name, want := range map[string][]string{
		"postgres-ha":       {dns, "TCP 53", tls, "TCP 5432"},
		"sqlite":            {dns, "TCP 53", tls, "TCP 80 169.254.169.254/32"},
		"workload-identity": {dns, "TCP 53", tls},
		"everything":        {dns, "TCP 53", tls, "TCP 10255 10.1.0.0/16", "TCP 4317 10.1.0.0/16"},
	} {
		all := install(t, name)
		p := get[networking.NetworkPolicy](t, all, "NetworkPolicy auth-acsauth").Spec
		if !covers(p.PodSelector.MatchLabels, get[apps.Deployment](t, all, "Deployment auth-acsauth").Spec.Template.Labels) || len(p.PolicyTypes) != 2 {
			t.Errorf("%s: the policy is for %v", name, p.PodSelector)
		}
		var out []string
		for _, e := range p.Egress {
			out = append(out, allowed(e.Ports, e.To)...)
		}
		if !slices.Equal(out, want) {
			t.Errorf("%s: out goes %q, want %q", name, out, want)
		}
		rules := map[string]int{} // peers by port
		for _, in := range p.Ingress {
			if len(in.From) == 0 {
				t.Errorf("%s: everybody comes in", name)
			}
			rules[allowed(in.Ports, nil)[0]] = len(in.From)
		}
		if rules["TCP 8080"] != 2 || (rules["TCP 9090"] == 1) != (name == "everything") {
			t.Errorf("%s: in come %v", name, rules)
		}
		if test := p.Ingress[0].From[1].PodSelector; !covers(test.MatchLabels, get[core.Pod](t, all, "Pod auth-acsauth-test").Labels) {
			t.Errorf("%s: helm test does not come in", name)
		}
	}
	if _, ok := install(t, "minimal")["NetworkPolicy auth-acsauth"]; ok {
		t.Error("there is a policy that nobody asked for")
	}
}
