package azure

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"encoding/json"

	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	apiClient      = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
	appClient      = "9d8e7f60-5142-4334-8526-17f8e9d0c1b2"
	group          = "/subscriptions/" + subscriptionID + "/resourceGroups/shared"
	oldACS         = group + "/providers/Microsoft.Communication/communicationServices/contoso"
	oldImages      = group + "/providers/Microsoft.ContainerRegistry/registries/contosoimages"
	person         = "0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
	collector      = "https://otel.contoso.com:4318"
	ownSubnet      = group + "/providers/Microsoft.Network/virtualNetworks/v/subnets/acsauth"
	ownCertificate = group + "/providers/Microsoft.App/managedEnvironments/cae/managedCertificates/auth"
)

// needed are the parameters without a default.
var needed = map[string]any{"image": "ghcr.io/acs-solutions/acsauth:1.0.0", "clientId": apiClient, "allowedClients": appClient}

// choices are what a person may choose beside the store. Each has to give a good deployment, alone and with all others.
var choices = map[string]map[string]any{
	"nothing":          {},
	"an ACS of before": {"communicationServiceId": oldACS, "communicationRole": "Contributor"},
	"a registry":       {"registryId": oldImages},
	"callers":          {"allowedClients": "*", "teamsClients": appClient, "adminClients": apiClient, "roles": "Callers,Hosts", "allowGuests": false},
	"a browser":        {"allowedOrigins": "https://app.contoso.com,https://contoso.com", "playgroundClientId": appClient},
	"a label":          {"labelByImmutableId": true},
	"adoption":         {"adoptSampleMappings": true, "graphExtension": "com.fabrikam.identityMapping"},
	"an audit log":     {"audit": true},
	"a collector":      {"otlpEndpoint": collector, "otlpProtocol": "grpc"},
	"a front of ours":  {"publicUrl": "https://auth.contoso.com", "trustedProxies": "10.0.0.0/8,loopback"},
	"more tenants":     {"tenantIds": tenantID + "," + person},
	"a database group": {"postgresAdministratorId": person, "postgresAdministratorName": "Database people"},
}

// onlyMain are the choices of Container Apps.
var onlyMain = map[string]map[string]any{
	"a domain":        {"customDomain": "auth.contoso.com"},
	"its certificate": {"customDomain": "auth.contoso.com", "certificateId": ownCertificate},
	"no tracing":      {"tracing": false},
	"a network":       {"subnetId": ownSubnet, "zoneRedundant": true},
	"one replica":     {"minReplicas": 3, "maxReplicas": 1},
}

// A place is a template and how its container's environment is found.
type place struct {
	path    string
	kind    string
	environ func(app resource) any
	only    map[string]map[string]any
}

var places = []place{
	{"main.bicep", "Microsoft.App/containerApps", func(app resource) any { return container(app)["env"] }, onlyMain},
	{"appservice.bicep", "Microsoft.Web/sites", func(app resource) any {
		return app.body["properties"].(map[string]any)["siteConfig"].(map[string]any)["appSettings"]
	}, nil},
}

func container(app resource) map[string]any {
	return app.body["properties"].(map[string]any)["template"].(map[string]any)["containers"].([]any)[0].(map[string]any)
}

// template is the one that is committed, for main.bicep, and the compiled one otherwise.
func (p place) template(t *testing.T) (out map[string]any) {
	t.Helper()
	if p.path == "main.bicep" {
		text, err := os.ReadFile("azuredeploy.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	out, err := asMap(compiled(t, p.path))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// deployed is what a template made, with these choices.
type deployed struct {
	cloud
	outputs map[string]any
}

func (d deployed) of(kind string) (out []resource) {
	for _, r := range d.resources {
		if r.kind == kind {
			out = append(out, r)
		}
	}
	return out
}

func (d deployed) one(t *testing.T, kind string) resource {
	t.Helper()
	all := d.of(kind)
	if len(all) != 1 {
		t.Fatalf("%d resources of the type %s", len(all), kind)
	}
	return all[0]
}

func (p place) try(t *testing.T, choices ...map[string]any) (deployed, error) {
	t.Helper()
	given := maps.Clone(needed)
	for _, c := range choices {
		maps.Copy(given, c)
	}
	d := deployed{cloud: cloud{resources: map[string]resource{}, there: map[string]resource{}}}
	for _, r := range []resource{
		{id: oldACS, kind: "Microsoft.Communication/communicationServices", name: "contoso"},
		{id: oldImages, kind: "Microsoft.ContainerRegistry/registries", name: "contosoimages"},
	} {
		d.there[r.id] = r
	}
	var err error
	d.outputs, err = d.deploy(subscriptionID, "rg-acsauth", p.path, p.template(t), given)
	return d, err
}

func (p place) deploy(t *testing.T, choices ...map[string]any) deployed {
	t.Helper()
	d, err := p.try(t, choices...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// environ is the environment of the container.
func (p place) settings(t *testing.T, d deployed) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range p.environ(d.one(t, p.kind)).([]any) {
		e := e.(map[string]any)
		name, value := e["name"].(string), e["value"].(string)
		if _, twice := out[name]; twice {
			t.Errorf("%s is set twice", name)
		}
		if value == "" {
			t.Errorf("%s is empty", name)
		}
		out[name] = value
	}
	return out
}

// load is what the service makes of that environment.
func load(t *testing.T, environ map[string]string) *config.Config {
	t.Helper()
	var list []string
	for k, v := range environ {
		list = append(list, k+"="+v)
	}
	c, err := config.Load(config.Sources{Environ: list}, config.Production)
	if err != nil {
		t.Fatalf("the service would not start: %v", err)
	}
	return c
}

// Every choice, with every store, gives an environment that the service starts with.
func TestEveryChoiceGivesGoodSettings(t *testing.T) {
	for _, p := range places {
		all := maps.Clone(choices)
		maps.Copy(all, p.only)
		for _, store := range []string{"tables", "postgres", "cosmos"} {
			together := map[string]any{"store": store}
			for name, choice := range all {
				t.Run(fmt.Sprintf("%s/%s/%s", p.path, store, name), func(t *testing.T) {
					d := p.deploy(t, choice, map[string]any{"store": store})
					judge(t, p, d, store)
				})
				maps.Copy(together, choice)
			}
			t.Run(fmt.Sprintf("%s/%s/all", p.path, store), func(t *testing.T) { judge(t, p, p.deploy(t, together), store) })
		}
	}
}

func judge(t *testing.T, p place, d deployed, store string) {
	t.Helper()
	environ := p.settings(t, d)
	c := load(t, environ)
	identity := d.one(t, "Microsoft.ManagedIdentity/userAssignedIdentities")
	says := atRunTime[identity.kind](identity).(map[string]any)
	if c.ACSClientID != says["clientId"] || c.ACSCredential != config.ManagedIdentity || c.StoreCredential != config.ManagedIdentity {
		t.Errorf("the service is not the managed identity: %s %s %s", c.ACSClientID, c.ACSCredential, c.StoreCredential)
	}
	if !strings.HasPrefix(c.Store, store+":") {
		t.Errorf("the store is %s", c.Store)
	}
	if url := d.outputs["ACSAUTH_PUBLIC_URL"].(map[string]any)["value"]; c.PublicURL != url || c.Listen != ":8080" || c.MetricsListen != "127.0.0.1:9090" {
		t.Errorf("listens at %s, metrics at %s, and is known as %s, while the output is %s", c.Listen, c.MetricsListen, c.PublicURL, url)
	}
	if acs := d.outputs["ACSAUTH_ACS_ENDPOINT"].(map[string]any)["value"]; c.ACSEndpoint != acs {
		t.Errorf("the endpoint of ACS is %s, and the output says %s", c.ACSEndpoint, acs)
	}
}

// What the choices are for is in the environment.
func TestChoicesReachTheService(t *testing.T) {
	for _, p := range places {
		t.Run(p.path, func(t *testing.T) {
			plain := p.settings(t, p.deploy(t))
			for _, name := range []string{"ACSAUTH_TEAMS_CLIENTS", "ACSAUTH_ADMIN_CLIENTS", "ACSAUTH_ROLES", "ACSAUTH_ALLOWED_ORIGINS", "ACSAUTH_PLAYGROUND_CLIENT_ID",
				"ACSAUTH_ACS_RESOURCE", "ACSAUTH_GRAPH_ADOPT", "ACSAUTH_CLIENT_CREDENTIAL", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
				if v, set := plain[name]; set {
					t.Errorf("%s is %s although nobody asked", name, v)
				}
			}
			if c := load(t, plain); c.TenantIDs.String() != tenantID || c.ClientID != apiClient || c.AllowedClients.String() != appClient || !c.AllowGuests || c.Audit != "off" {
				t.Errorf("%s %s %s %v %s", c.TenantIDs, c.ClientID, c.AllowedClients, c.AllowGuests, c.Audit)
			}
			want := map[string]string{
				"callers ACSAUTH_ALLOWED_CLIENTS": "*", "callers ACSAUTH_TEAMS_CLIENTS": appClient, "callers ACSAUTH_ADMIN_CLIENTS": apiClient,
				"callers ACSAUTH_ROLES": "Callers,Hosts", "callers ACSAUTH_ALLOW_GUESTS": "false",
				"a browser ACSAUTH_ALLOWED_ORIGINS": "https://app.contoso.com,https://contoso.com", "a browser ACSAUTH_PLAYGROUND_CLIENT_ID": appClient,
				"adoption ACSAUTH_GRAPH_ADOPT": "true", "adoption ACSAUTH_GRAPH_EXTENSION": "com.fabrikam.identityMapping",
				"adoption ACSAUTH_CLIENT_CREDENTIAL": "managed-identity", "an audit log ACSAUTH_AUDIT": "stdout",
				"a collector OTEL_EXPORTER_OTLP_ENDPOINT": collector, "a collector OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
				"a front of ours ACSAUTH_PUBLIC_URL": "https://auth.contoso.com", "a front of ours ACSAUTH_TRUSTED_PROXIES": "10.0.0.0/8,loopback",
				"more tenants ACSAUTH_TENANT_IDS": tenantID + "," + person, "an ACS of before ACSAUTH_ACS_ENDPOINT": "https://contoso.europe.communication.azure.com",
				"a label ACSAUTH_ACS_RESOURCE": "", // known below
			}
			for what, value := range want {
				i := strings.LastIndex(what, " ")
				d := p.deploy(t, choices[what[:i]])
				if value == "" {
					value = guidOf("immutable " + d.one(t, "Microsoft.Communication/communicationServices").id)
				}
				if got := p.settings(t, d)[what[i+1:]]; got != value {
					t.Errorf("%s is %q, want %q", what, got, value)
				}
			}
		})
	}
}
