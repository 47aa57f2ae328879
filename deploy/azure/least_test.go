package azure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// builtIn are the roles that the templates may assign, by the ids that learn.microsoft.com lists under "Azure built-in roles"; the last one is of
// Cosmos DB's own data plane ("Use data plane role-based access control", built-in definitions).
var builtIn = map[string]string{
	"09976791-48a7-449e-bb21-39d1a415f350": "Communication and Email Service Owner",
	"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
	"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
	"00000000-0000-0000-0000-000000000002": "Cosmos DB Built-in Data Contributor",
}

// wantedRoles are the rights of the identity, by what was chosen: role at type of resource.
var wantedRoles = map[string][]string{
	"tables":   {"Communication and Email Service Owner at Microsoft.Communication/communicationServices", "Storage Table Data Contributor at Microsoft.Storage/storageAccounts"},
	"postgres": {"Communication and Email Service Owner at Microsoft.Communication/communicationServices"},
	"cosmos":   {"Communication and Email Service Owner at Microsoft.Communication/communicationServices", "Cosmos DB Built-in Data Contributor at Microsoft.DocumentDB/databaseAccounts"},
}

// rights lists what the identity of the service may do, and fails if somebody else may.
func rights(t *testing.T, d deployed) (out []string) {
	t.Helper()
	identity := d.one(t, "Microsoft.ManagedIdentity/userAssignedIdentities")
	principal := atRunTime[identity.kind](identity).(map[string]any)["principalId"]
	for _, kind := range []string{"Microsoft.Authorization/roleAssignments", "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"} {
		for _, r := range d.of(kind) {
			p := r.body["properties"].(map[string]any)
			if p["principalId"] != principal {
				t.Errorf("%s is for %s", r.id, p["principalId"])
			}
			at, scoped := r.body["scope"].(string)
			if !scoped {
				at = p["scope"].(string)
			}
			definition := p["roleDefinitionId"].(string)
			role := builtIn[definition[strings.LastIndex(definition, "/")+1:]]
			if role == "" {
				t.Errorf("the role %s is not in the table", definition)
			}
			out = append(out, role+" at "+typeIn(at))
		}
	}
	slices.Sort(out)
	return out
}

// typeIn is the type of a resource by its id.
func typeIn(id string) string {
	_, rest, _ := strings.Cut(id, "/providers/")
	parts := strings.Split(rest, "/")
	return parts[0] + "/" + parts[1]
}

func TestTheIdentityMayNoMore(t *testing.T) {
	for _, p := range places {
		for store, want := range wantedRoles {
			if got := rights(t, p.deploy(t, map[string]any{"store": store})); !slices.Equal(got, want) {
				t.Errorf("%s with %s: %q, want %q", p.path, store, got, want)
			}
		}
		got := rights(t, p.deploy(t, choices["a registry"], choices["an ACS of before"]))
		want := []string{"AcrPull at Microsoft.ContainerRegistry/registries", "Contributor at Microsoft.Communication/communicationServices", wantedRoles["tables"][1]}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", p.path, got, want)
		}
	}
}

// With a database group the identity is no administrator; without, it is, and the documentation says so.
func TestAdministratorOfTheDatabase(t *testing.T) {
	for _, p := range places {
		const kind = "Microsoft.DBforPostgreSQL/flexibleServers/administrators"
		postgres := map[string]any{"store": "postgres"}
		own := p.deploy(t, postgres)
		identity := own.one(t, "Microsoft.ManagedIdentity/userAssignedIdentities")
		admin := own.one(t, kind).body["properties"].(map[string]any)
		if admin["principalName"] != identity.name || admin["principalType"] != "ServicePrincipal" {
			t.Errorf("%s: %v", p.path, admin)
		}
		if c := load(t, p.settings(t, own)); !strings.HasPrefix(c.Store, "postgres://"+identity.name+"@") {
			t.Errorf("%s: the role of the database is not the identity: %s", p.path, c.Store)
		}
		group := p.deploy(t, postgres, choices["a database group"]).one(t, kind)
		if p := group.body["properties"].(map[string]any); p["principalName"] != "Database people" || p["principalType"] != "Group" || !strings.HasSuffix(group.id, person) {
			t.Errorf("%v", p)
		}
	}
}

// secretName is a name that a secret would have.
var secretName = regexp.MustCompile(`(?i)SECRET|PASSWORD|CONNECTION_STRING|_KEYS?$|CERTIFICATE|TOKEN`)

// No secret is in a template, in a parameter, or in the environment of the service, and what holds data takes no key.
func TestNoSecret(t *testing.T) {
	files, err := filepath.Glob("modules/*.bicep")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, "main.bicep", "appservice.bicep", "appregistration.bicep", "azuredeploy.json", "register-app.sh", "main.parameters.json") {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`(?i)listKeys|listCredentials|secure\(|secureString|secureObject|sharedKey\b|accessKey|adminPassword|addPassword|credential reset`).Find(text); found != nil {
			t.Errorf("%s: %s", f, found)
		}
	}
	for _, p := range places {
		for _, store := range []string{"tables", "postgres", "cosmos"} {
			d := p.deploy(t, choices["adoption"], choices["callers"], choices["a registry"], map[string]any{"store": store})
			for name := range p.settings(t, d) {
				if secretName.MatchString(name) {
					t.Errorf("%s is set", name)
				}
			}
			keysAreOff(t, d)
		}
	}
}

// keysAreOff checks what each kind of store says about keys and passwords.
func keysAreOff(t *testing.T, d deployed) {
	t.Helper()
	found := 0
	for kind, off := range map[string]func(map[string]any) bool{
		"Microsoft.Storage/storageAccounts":         func(p map[string]any) bool { return p["allowSharedKeyAccess"] == false },
		"Microsoft.DocumentDB/databaseAccounts":     func(p map[string]any) bool { return p["disableLocalAuth"] == true },
		"Microsoft.DBforPostgreSQL/flexibleServers": func(p map[string]any) bool { return p["authConfig"].(map[string]any)["passwordAuth"] == "Disabled" },
	} {
		for _, r := range d.of(kind) {
			found++
			if !off(r.body["properties"].(map[string]any)) {
				t.Errorf("%s takes a key", r.id)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d stores", found)
	}
}
