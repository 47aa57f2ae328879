package azure

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// azdFile is what of azure.yaml azd knows, as its schema says it (schemas/v1.0/azure.yaml.json of Azure/azure-dev); another member is a fault.
type azdFile struct {
	Name  string
	Infra struct{ Provider, Path, Module string }
	Hooks map[string]struct {
		Shell, Run      string
		Interactive     bool
		ContinueOnError bool `yaml:"continueOnError"`
	}
}

func readAzd(t *testing.T) (f azdFile) {
	t.Helper()
	in, err := os.Open("../../azure.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	d := yaml.NewDecoder(in)
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAzd(t *testing.T) {
	f := readAzd(t)
	if !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(f.Name) || f.Infra.Provider != "bicep" {
		t.Errorf("%+v", f)
	}
	if _, err := os.Stat("../../" + f.Infra.Path + "/" + f.Infra.Module + ".bicep"); err != nil {
		t.Error(err)
	}
	outputs := places[0].deploy(t).outputs
	for name, h := range f.Hooks {
		if !slices.Contains([]string{"preprovision", "postprovision"}, name) || h.Shell != "sh" || h.ContinueOnError {
			t.Errorf("%s: %+v", name, h)
		}
		script := regexp.MustCompile(`deploy/azure/\S+`).FindString(h.Run)
		if _, err := os.Stat("../../" + script); err != nil || script == "" {
			t.Errorf("%s runs %q: %v", name, script, err)
		}
		for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(h.Run, -1) {
			if outputs[m[1]] == nil || name == "preprovision" {
				t.Errorf("%s: %s is no output of main.bicep by then", name, m[1])
			}
		}
		for _, option := range regexp.MustCompile(`--[a-z-]+`).FindAllString(h.Run, -1) {
			if text, err := os.ReadFile("register-app.sh"); err != nil || !strings.Contains(string(text), " "+option+" ") && !strings.Contains(string(text), option+")") {
				t.Errorf("%s: register-app.sh has no option %s (%v)", name, option, err)
			}
		}
	}
	if len(f.Hooks) != 2 {
		t.Errorf("%d hooks", len(f.Hooks))
	}
}

// The parameters that azd fills in are those of the template, and those without a default are all there.
func TestAzdParameters(t *testing.T) {
	text, err := os.ReadFile("main.parameters.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Parameters map[string]struct{ Value any }
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	// What azd knows by itself, what the person sets, and what the hook before it sets.
	environ := map[string]string{"AZURE_ENV_NAME": "dev", "AZURE_LOCATION": "westeurope", "DEPLOY_IMAGE": needed["image"].(string), "ACSAUTH_CLIENT_ID": apiClient, "ACSAUTH_ALLOWED_CLIENTS": appClient}
	given := map[string]any{}
	for name, p := range f.Parameters {
		given[name] = substituted(t, p.Value, environ)
	}
	p := places[0]
	d, err := p.try(t, given)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, p, d, "tables")
	for k := range needed {
		if f.Parameters[k].Value == nil {
			t.Errorf("%s is missing", k)
		}
	}
}

// substituted puts values in for ${NAME} and ${NAME=default}, as azd does.
func substituted(t *testing.T, v any, environ map[string]string) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = substituted(t, e, environ)
		}
		return out
	case string:
		return regexp.MustCompile(`\$\{\w+(=[^}]*)?\}`).ReplaceAllStringFunc(v, func(ref string) string {
			name, instead, has := strings.Cut(strings.Trim(ref, "${}"), "=")
			value, ok := environ[name]
			if !ok && !has {
				t.Errorf("%s is set by nobody", name)
			}
			if !ok {
				return instead
			}
			return value
		})
	}
	return v
}

// The two templates say the same to a client, and take the same choices where they share them.
func TestBothPlacesAgree(t *testing.T) {
	main, service := places[0].deploy(t).outputs, places[1].deploy(t).outputs
	for name := range main {
		if service[name] == nil {
			t.Errorf("appservice.bicep has no output %s", name)
		}
	}
	if len(main) != len(service) {
		t.Errorf("%d and %d outputs", len(main), len(service))
	}
	if got := main["CLIENT_AUTHORITY"].(map[string]any)["value"]; got != "https://login.microsoftonline.com/"+tenantID {
		t.Errorf("authority %s", got)
	}
	if got := main["CLIENT_SCOPE"].(map[string]any)["value"]; got != "api://"+apiClient+"/access_as_user" {
		t.Errorf("scope %s", got)
	}
	ours, theirs := places[0].template(t)["parameters"].(map[string]any), places[1].template(t)["parameters"].(map[string]any)
	for name, p := range theirs {
		if ours[name] == nil {
			continue
		}
		a, errA := json.Marshal(p)
		b, errB := json.Marshal(ours[name])
		if errA != nil || errB != nil || string(a) != string(b) && name != "publicUrl" && name != "trustedProxies" {
			t.Errorf("%s: %s and %s (%v, %v)", name, b, a, errA, errB)
		}
	}
}
