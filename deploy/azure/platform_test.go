package azure

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// at follows members and elements down into JSON.
func at(t *testing.T, v any, steps ...any) any {
	t.Helper()
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[s] == nil {
				t.Fatalf("no %s in %v", s, v)
			}
			v = m[s]
		case int:
			v = v.([]any)[s]
		}
	}
	return v
}

// What Container Apps are told fits what the service is told.
func TestContainerApp(t *testing.T) {
	p := places[0]
	for _, choice := range []map[string]any{{}, {"minReplicas": 3, "maxReplicas": 7}, onlyMain["one replica"]} {
		d := p.deploy(t, choice)
		app, c := d.one(t, p.kind), load(t, p.settings(t, d))
		template := at(t, app.body, "properties", "template")
		if grace := time.Duration(at(t, template, "terminationGracePeriodSeconds").(int)) * time.Second; grace <= c.ShutdownDelay+c.ShutdownTimeout || c.ShutdownDelay < 5*time.Second {
			t.Errorf("the platform waits %s for a stop of %s and %s", grace, c.ShutdownDelay, c.ShutdownTimeout)
		}
		least, most := at(t, template, "scale", "minReplicas").(int), at(t, template, "scale", "maxReplicas").(int)
		if c.Replicas != most || least > most || least < 2 {
			t.Errorf("%d to %d replicas, and the service shares the limits of ACS by %d", least, most, c.Replicas)
		}
		if _, err := strconv.Atoi(at(t, template, "scale", "rules", 0, "http", "metadata", "concurrentRequests").(string)); err != nil {
			t.Error(err)
		}
		ingress := at(t, app.body, "properties", "configuration", "ingress").(map[string]any)
		if ingress["allowInsecure"] != false || ingress["targetPort"] != 8080 || ingress["additionalPortMappings"] != nil {
			t.Errorf("ingress %v", ingress)
		}
		probes := map[string]string{}
		for _, one := range at(t, template, "containers", 0, "probes").([]any) {
			if n := at(t, one, "failureThreshold").(int); n < 1 || n > 10 {
				t.Errorf("a probe that fails after %d, and Container Apps take 1 to 10", n)
			}
			probes[at(t, one, "type").(string)] = at(t, one, "httpGet", "path").(string) + ":" + strconv.Itoa(at(t, one, "httpGet", "port").(int))
		}
		if len(probes) != 3 || probes["Startup"] != "/livez:8080" || probes["Liveness"] != "/livez:8080" || probes["Readiness"] != "/readyz:8080" {
			t.Errorf("probes %v", probes)
		}
	}
}

// A domain is bound without a certificate first, and is the public URL once it has one.
func TestDomain(t *testing.T) {
	p := places[0]
	bound := func(choice map[string]any) (string, any) {
		d := p.deploy(t, choice)
		return p.settings(t, d)["ACSAUTH_PUBLIC_URL"], at(t, d.one(t, p.kind).body, "properties", "configuration", "ingress", "customDomains", 0, "bindingType")
	}
	if url, how := bound(onlyMain["a domain"]); how != "Disabled" || !strings.HasSuffix(url, ".azurecontainerapps.io") {
		t.Errorf("%s %s", url, how)
	}
	if url, how := bound(onlyMain["its certificate"]); how != "SniEnabled" || url != "https://auth.contoso.com" {
		t.Errorf("%s %s", url, how)
	}
}

func TestAppService(t *testing.T) {
	p := places[1]
	d := p.deploy(t, choices["a registry"], map[string]any{"instances": 3})
	app, c := d.one(t, p.kind), load(t, p.settings(t, d))
	site := at(t, app.body, "properties", "siteConfig").(map[string]any)
	for name, want := range map[string]any{"alwaysOn": true, "ftpsState": "Disabled", "minTlsVersion": "1.2", "healthCheckPath": "/readyz", "acrUseManagedIdentityCreds": true,
		"acrUserManagedIdentityID": c.ACSClientID, "linuxFxVersion": "DOCKER|" + needed["image"].(string)} {
		if site[name] != want {
			t.Errorf("%s is %v, want %v", name, site[name], want)
		}
	}
	if at(t, app.body, "properties", "httpsOnly") != true || c.Replicas != 3 || at(t, d.one(t, "Microsoft.Web/serverfarms").body, "sku", "capacity") != 3 {
		t.Errorf("%v, %d replicas", app.body["properties"], c.Replicas)
	}
	environ := p.settings(t, d)
	stop, err := strconv.Atoi(environ["WEBSITES_CONTAINER_STOP_TIME_LIMIT"])
	if err != nil || time.Duration(stop)*time.Second <= c.ShutdownDelay+c.ShutdownTimeout || environ["WEBSITES_PORT"] != "8080" {
		t.Errorf("%v: stop %d s, port %s", err, stop, environ["WEBSITES_PORT"])
	}
	if policies := d.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"); len(policies) != 2 || at(t, policies[0].body, "properties", "allow") != false || at(t, policies[1].body, "properties", "allow") != false {
		t.Errorf("publishing with a password: %v", policies)
	}
}

// Logs of the platform and of ACS go to one workspace, and traces to Application Insights, unless none are wanted.
func TestMonitoring(t *testing.T) {
	for _, p := range places {
		d := p.deploy(t, choices["an ACS of before"])
		workspace := d.one(t, "Microsoft.OperationalInsights/workspaces")
		var categories []string
		for _, r := range d.of("Microsoft.Insights/diagnosticSettings") {
			if at(t, r.body, "properties", "workspaceId") != workspace.id {
				t.Errorf("%s goes elsewhere", r.id)
			}
			for _, l := range at(t, r.body, "properties", "logs").([]any) {
				categories = append(categories, typeIn(r.body["scope"].(string))+" "+at(t, l, "category").(string))
			}
		}
		slices.Sort(categories)
		want := map[string][]string{
			"main.bicep":       {"Microsoft.App/managedEnvironments ContainerAppConsoleLogs", "Microsoft.App/managedEnvironments ContainerAppSystemLogs", "Microsoft.Communication/communicationServices AuthOperational"},
			"appservice.bicep": {"Microsoft.Communication/communicationServices AuthOperational", "Microsoft.Web/sites AppServiceConsoleLogs", "Microsoft.Web/sites AppServicePlatformLogs"},
		}[p.path]
		if !slices.Equal(categories, want) {
			t.Errorf("%s: %q", p.path, categories)
		}
	}
	for name, on := range map[string]bool{"": true, "a collector": true, "no tracing": false} {
		properties := at(t, places[0].deploy(t, choices[name], onlyMain[name]).one(t, "Microsoft.App/managedEnvironments").body, "properties").(map[string]any)
		if (properties["openTelemetryConfiguration"] != nil) != on || (properties["appInsightsConfiguration"] != nil) != on {
			t.Errorf("with %q: %v", name, properties)
		}
	}
}

// The names are of the form and length that each type asks for, however long the beginning is.
func TestNames(t *testing.T) {
	forms := map[string]*regexp.Regexp{
		"Microsoft.Storage/storageAccounts":                regexp.MustCompile(`^[a-z0-9]{3,24}$`),
		"Microsoft.DocumentDB/databaseAccounts":            regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,43}$`),
		"Microsoft.DBforPostgreSQL/flexibleServers":        regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`),
		"Microsoft.App/containerApps":                      regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}[a-z0-9]$`),
		"Microsoft.App/managedEnvironments":                regexp.MustCompile(`^[a-z][a-z0-9-]{0,58}[a-z0-9]$`),
		"Microsoft.Web/sites":                              regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$`),
		"Microsoft.Web/serverfarms":                        regexp.MustCompile(`^[A-Za-z0-9-]{1,60}$`),
		"Microsoft.Communication/communicationServices":    regexp.MustCompile(`^[A-Za-z0-9-]{1,63}$`),
		"Microsoft.ManagedIdentity/userAssignedIdentities": regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$`),
		"Microsoft.OperationalInsights/workspaces":         regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$`),
		"Microsoft.Insights/components":                    regexp.MustCompile(`^[A-Za-z0-9._-]{1,260}$`),
		deployments:                                        regexp.MustCompile(`^[A-Za-z0-9._()-]{1,64}$`),
	}
	for _, p := range places {
		for _, name := range []string{"abc", "AZD-Environment", "twenty-letters-long-"} {
			for _, store := range []string{"tables", "postgres", "cosmos"} {
				d := p.deploy(t, map[string]any{"name": name, "store": store})
				for _, r := range d.resources {
					if form := forms[r.kind]; form != nil && !form.MatchString(r.name) {
						t.Errorf("%s: %s is called %q", p.path, r.kind, r.name)
					}
				}
			}
		}
	}
}

// Azure would refuse these before it makes anything.
func TestRefusals(t *testing.T) {
	for _, p := range places {
		for what, choice := range map[string]map[string]any{
			"sqlite": {"store": "sqlite"}, "no GUID": {"clientId": "me"}, "another role": {"communicationRole": "Owner"}, "a name too long": {"name": "twenty-one-letters-xx"},
			"unknown": {"acsConnectionString": "x"}, "a number as text": {"retentionInDays": "30"}, "few days": {"retentionInDays": 7},
		} {
			if _, err := p.try(t, choice); err == nil {
				t.Errorf("%s: %s is taken", p.path, what)
			}
		}
	}
}
