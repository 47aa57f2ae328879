package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func issuersSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("../../api/issuers.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("issuers.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("issuers.schema.json")
}

func validBySchema(t *testing.T, s *jsonschema.Schema, text string) bool {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return s.Validate(doc) == nil
}

// example is the file of docs/issuers.md.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/issuers.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/issuers.md has no example")
	}
	return string(m[1])
}

func TestIssuersExample(t *testing.T) {
	text := example(t)
	if !validBySchema(t, issuersSchema(t), text) {
		t.Error("the schema refuses it")
	}
	list, faults := ParseIssuers([]byte(text), Production)
	if len(faults) != 0 || len(list) != 5 {
		t.Fatalf("%d issuers, %v", len(list), faults)
	}
	want := Issuer{Name: "partner", Kind: KindOIDC, Issuer: "https://id.example.com/realms/main", KeysHosts: []string{"keys.example.com"},
		Algorithms: []string{"RS256", "ES256"}, Audiences: []string{"https://api.contoso.com"}, Clients: []string{"web-app"}, Scopes: []string{"calls"}}
	if d := cmp.Diff(want, list[4]); d != "" {
		t.Error(d)
	}
	if i := list[1]; !i.AnyTenant || i.Authority != "https://login.microsoftonline.com" || i.Scopes[0] != "access_as_user" || i.Guests {
		t.Errorf("%+v", i)
	}
}

const (
	idOne = `"72f988bf-86f1-41af-91ab-2d7cd011db47"`
	entra = `"name":"a","kind":"entra","tenants":[` + idOne + `],"audiences":["api://x"],"clients":["*"]`
	ciam  = `"name":"a","kind":"external-id","authority":"https://x.ciamlogin.com","tenant":` + idOne + `,"audiences":["api://x"],"clients":[` + idOne + `]`
	b2c   = `"name":"a","kind":"b2c","authority":"https://x.b2clogin.com","tenant":` + idOne + `,"policies":["b2c_1_a"],"audiences":["api://x"],"clients":["*"]`
	oidc  = `"name":"a","kind":"oidc","issuer":"https://id.example.com","audiences":["x"],"clients":["web"]`
)

func file(issuers ...string) string {
	return `{"issuers":[{` + strings.Join(issuers, "},{") + `}]}`
}

// swap replaces one member, or adds it.
func swap(issuer, name, value string) string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+issuer+"}"), &m); err != nil {
		panic(err)
	}
	if m[name] = json.RawMessage(value); value == "" {
		delete(m, name)
	}
	out, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return strings.Trim(string(out), "{}")
}

// Schema and reader agree about each of these.
func TestIssuersFaults(t *testing.T) {
	schema := issuersSchema(t)
	for name, c := range map[string]struct {
		text, place string // place "": accepted
	}{
		"entra":                  {file(entra), ""},
		"external id":            {file(ciam), ""},
		"b2c":                    {file(b2c), ""},
		"oidc":                   {file(oidc), ""},
		"all":                    {file(entra, swap(ciam, "name", `"b"`), swap(b2c, "name", `"c"`), swap(oidc, "name", `"d"`)), ""},
		"schema named":           {`{"$schema":"x","issuers":[{` + oidc + `}]}`, ""},
		"any tenant":             {file(swap(swap(entra, "tenants", ""), "anyTenant", "true")), ""},
		"a list":                 {`[]`, "file"},
		"no issuers":             {`{}`, "issuers"},
		"empty":                  {`{"issuers":[]}`, "issuers"},
		"unknown at the top":     {`{"issuers":[{` + oidc + `}],"x":1}`, "x"},
		"unknown":                {file(entra + `,"tenant":` + idOne), "issuers[0].tenant"},
		"slip of the pen":        {file(swap(entra, "audience", `["x"]`)), "issuers[0].audience"},
		"member of another kind": {file(entra + `,"policies":["x"]`), "issuers[0].policies"},
		"guests of oidc":         {file(oidc + `,"guests":true`), "issuers[0].guests"},
		"no kind":                {file(swap(entra, "kind", "")), "issuers[0].kind"},
		"kind":                   {file(swap(entra, "kind", `"Entra"`)), "issuers[0].kind"},
		"no name":                {file(swap(entra, "name", "")), "issuers[0].name"},
		"name of the settings":   {file(swap(entra, "name", `"entra"`)), "issuers[0].name"},
		"name with a space":      {file(swap(entra, "name", `"a b"`)), "issuers[0].name"},
		"no tenants":             {file(swap(entra, "tenants", "")), "issuers[0].tenants"},
		"no tenant is any":       {file(swap(entra, "tenants", `[]`)), "issuers[0].tenants"},
		"common":                 {file(swap(entra, "tenants", `["common"]`)), "issuers[0].tenants[0]"},
		"any tenant and a list":  {file(entra + `,"anyTenant":true`), "issuers[0].anyTenant"},
		"any tenant a text":      {file(swap(entra, "anyTenant", `"true"`)), "issuers[0].anyTenant"},
		"authority with path":    {file(swap(entra, "authority", `"https://login.microsoftonline.com/common"`)), "issuers[0].authority"},
		"no authority":           {file(swap(ciam, "authority", "")), "issuers[0].authority"},
		"no audiences":           {file(swap(entra, "audiences", "")), "issuers[0].audiences"},
		"any audience":           {file(swap(entra, "audiences", `["*"]`)), "issuers[0].audiences[0]"},
		"no clients":             {file(swap(entra, "clients", "")), "issuers[0].clients"},
		"any client beside one":  {file(swap(entra, "clients", `["*",`+idOne+`]`)), "issuers[0].clients[0]"},
		"client of entra":        {file(swap(entra, "clients", `["web"]`)), "issuers[0].clients[0]"},
		"a client twice":         {file(swap(entra, "clients", `[`+idOne+`,`+idOne+`]`)), "issuers[0].clients[1]"},
		"a text for a list":      {file(swap(entra, "clients", `"*"`)), "issuers[0].clients"},
		"a number in a list":     {file(swap(oidc, "scopes", `[1]`)), "issuers[0].scopes[0]"},
		"scope with a space":     {file(swap(oidc, "scopes", `["a b"]`)), "issuers[0].scopes[0]"},
		"no policy":              {file(swap(b2c, "policies", "")), "issuers[0].policies"},
		"policy with a path":     {file(swap(b2c, "policies", `["../x"]`)), "issuers[0].policies[0]"},
		"key of b2c":             {file(swap(b2c, "keyClaim", `"email"`)), "issuers[0].keyClaim"},
		"e-mail as the key":      {file(swap(oidc, "keyClaim", `"email"`)), "issuers[0].keyClaim"},
		"issuer without scheme":  {file(swap(oidc, "issuer", `"id.example.com"`)), "issuers[0].issuer"},
		"issuer with a query":    {file(swap(oidc, "issuer", `"https://id.example.com?x"`)), "issuers[0].issuer"},
		"no issuer":              {file(swap(oidc, "issuer", "")), "issuers[0].issuer"},
		"keys at a URL":          {file(swap(oidc, "keysHosts", `["https://keys.example.com"]`)), "issuers[0].keysHosts[0]"},
		"HS256":                  {file(swap(oidc, "algorithms", `["HS256"]`)), "issuers[0].algorithms[0]"},
		"null":                   {file(swap(oidc, "roles", `null`)), "issuers[0].roles"},
		"issuer no object":       {`{"issuers":["x"]}`, "issuers[0]"},
	} {
		if got := validBySchema(t, schema, c.text); got != (c.place == "") {
			t.Errorf("%s: the schema accepts: %v", name, got)
		}
		_, faults := ParseIssuers([]byte(c.text), Production)
		found := false
		for _, f := range faults {
			found = found || f.Place == c.place
		}
		if (len(faults) == 0) != (c.place == "") || c.place != "" && !found {
			t.Errorf("%s: %v, want one at %q", name, faults, c.place)
		}
	}
}

// What only the reader can see.
func TestIssuersFaultsBeyondTheSchema(t *testing.T) {
	for name, c := range map[string]struct{ text, place, problem string }{
		"name twice":               {file(entra, swap(oidc, "name", `"A"`)), "issuers[1].name", "another issuer"},
		"member twice":             {file(entra + `,"kind":"entra"`), "issuers[0].kind", "twice"},
		"member twice by case":     {file(entra + `,"Kind":"entra"`), "issuers[0].Kind", "twice"},
		"member twice by escape":   {file(entra + `,"\u006bind":"entra"`), "issuers[0].kind", "twice"},
		"not JSON":                 {"{\n\"issuers\": [\n}", "line 3", "not JSON"},
		"two documents":            {file(oidc) + "{}", "line 1", "follows"},
		"ends early":               {`{"issuers":[`, "line 1", "too early"},
		"comment":                  {"{// x\n}", "line 1", "not JSON"},
		"not UTF-8":                {"{\"\xff\":1}", "file", "UTF-8"},
		"nested deep":              {`{"issuers":` + strings.Repeat("[", 50), "line 1", "too deep"},
		"http":                     {file(swap(oidc, "issuer", `"http://id.example.com"`)), "issuers[0].issuer", "not https"},
		"loopback":                 {file(swap(entra, "authority", `"https://127.0.0.1:1"`)), "issuers[0].authority", "this machine"},
		"Graph as audience":        {file(swap(entra, "audiences", `["https://graph.microsoft.com"]`)), "issuers[0].audiences[0]", "API of Microsoft"},
		"no tenant that there is":  {file(swap(entra, "tenants", `["00000000-0000-0000-0000-000000000000"]`)), "issuers[0].tenants[0]", "not a GUID"},
		"32 issuers":               {file(strings.Split(strings.Repeat(entra+"|", 32), "|")[:32]...), "issuers", "1 to 31"},
		"control character shown?": {`{"issuers":[{` + oidc + `}],"\u001b[31m":1}`, `\x1b[31m`, "not known"},
	} {
		_, faults := ParseIssuers([]byte(c.text), Production)
		found := false
		for _, f := range faults {
			found = found || f.Place == c.place && strings.Contains(f.Problem, c.problem)
		}
		if !found {
			t.Errorf("%s: %v, want %q at %q", name, faults, c.problem, c.place)
		}
	}
	for _, mode := range []Mode{Production, Development} { // the emulator's tenant and API are for development only
		text := file(swap(swap(entra, "tenants", `["`+emulator.TenantID+`"]`), "audiences", `["`+emulator.AppIDURI+`"]`))
		if _, faults := ParseIssuers([]byte(text), mode); (len(faults) == 2) != (mode == Production) {
			t.Errorf("mode %d: %v", mode, faults)
		}
	}
	if _, faults := ParseIssuers([]byte(file(swap(entra, "authority", `"http://127.0.0.1:1"`))), Development); len(faults) != 0 {
		t.Errorf("loopback in development: %v", faults)
	}
	_, faults := ParseIssuers([]byte(file(`"name":"a","kind":"b2c"`, `"kind":"oidc","clients":[""]`)), Production)
	if len(faults) < 9 {
		t.Errorf("only %d faults at once: %v", len(faults), faults)
	}
}

func TestIssuersSetting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(path, []byte(example(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	acs := "ACSAUTH_ACS_ENDPOINT=https://x.communication.azure.com"
	load := func(more ...string) (*Config, error) {
		return Load(Sources{Environ: append(more, acs)}, Production)
	}
	c, err := load("ACSAUTH_ISSUERS=" + path)
	if err != nil || len(c.AllIssuers()) != 5 || c.AllIssuers()[0].Name != "government" {
		t.Fatalf("file alone: %v, %v", c.AllIssuers(), err)
	}
	if got := c.ScopeURI(); got != "api://6e74172b-be56-4843-9ff4-e66a39bb12e3/access_as_user" {
		t.Error(got)
	}
	want := []string{"https://login.microsoftonline.us/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
		"https://contoso.ciamlogin.com/aaaabbbb-0000-4ccc-9111-dddd2222eeee/v2.0", "https://contoso.b2clogin.com/bbbbcccc-1111-4ddd-8222-eeee3333ffff/b2c_1_signupsignin/v2.0",
		"https://contoso.b2clogin.com/bbbbcccc-1111-4ddd-8222-eeee3333ffff/b2c_1a_custom/v2.0", "https://id.example.com/realms/main"}
	if d := cmp.Diff(want, c.AuthorizationServers()); d != "" {
		t.Error(d)
	}
	if err := os.WriteFile(path+"2", []byte(file(swap(oidc, "scopes", `["calls"]`))), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = load("ACSAUTH_ISSUERS=" + path + "2"); err != nil || c.ScopeURI() != "calls" {
		t.Errorf("scope of an OpenID Connect issuer: %q, %v", c.ScopeURI(), err)
	}
	const id = "11111111-aaaa-4bbb-8ccc-123456789012"
	main := []string{"ACSAUTH_CLIENT_ID=" + id, "ACSAUTH_ALLOWED_CLIENTS=*", "ACSAUTH_ROLES=Caller,Boss"}
	c, err = load(append(main, "ACSAUTH_TENANT_IDS="+id, "ACSAUTH_ISSUERS="+path)...)
	if err != nil || len(c.AllIssuers()) != 6 || c.AllIssuers()[0].Name != MainIssuer || c.AllIssuers()[0].Roles[1] != "Boss" || c.ScopeURI() != "api://"+id+"/access_as_user" {
		t.Errorf("both: %v, %v", c.AllIssuers(), err)
	}
	if c, err = load(append(main, "ACSAUTH_ANY_TENANT=true")...); err != nil || !c.AllIssuers()[0].AnyTenant {
		t.Errorf("any tenant: %v", err)
	}
	for name, s := range map[string]struct {
		settings []string
		fault    string
	}{
		"neither":                 {nil, "ACSAUTH_TENANT_IDS"},
		"half of the settings":    {[]string{"ACSAUTH_ISSUERS=" + path, "ACSAUTH_CLIENT_ID=" + id}, "ACSAUTH_TENANT_IDS"},
		"any tenant and a list":   {append(main, "ACSAUTH_ANY_TENANT=true", "ACSAUTH_TENANT_IDS="+id), "ACSAUTH_ANY_TENANT"},
		"graph store, any tenant": {append(main, "ACSAUTH_ANY_TENANT=true", "ACSAUTH_STORE=graph:"), "ACSAUTH_TENANT_IDS"},
		"graph store, file alone": {[]string{"ACSAUTH_ISSUERS=" + path, "ACSAUTH_STORE=graph:"}, "ACSAUTH_TENANT_IDS"},
		"no such file":            {[]string{"ACSAUTH_ISSUERS=" + path + "x"}, "ACSAUTH_ISSUERS"},
		"role that is two words":  {append(main, "ACSAUTH_TENANT_IDS="+id, "ACSAUTH_ROLES=a b"), "ACSAUTH_ROLES"},
	} {
		_, err := load(s.settings...)
		if Only(err, s.fault) == nil {
			t.Errorf("%s: %v, want a fault of %s", name, err, s.fault)
		}
	}
	if err := os.WriteFile(path, []byte(file(swap(oidc, "issuer", `"x"`), swap(entra, "name", `"b b"`))), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = load("ACSAUTH_ISSUERS=" + path)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Fatalf("%v", err)
	}
	if f, ok := errors.AsType[*Fault](joined.Unwrap()[0]); !ok || f.Name != path+": issuers[0].issuer" {
		t.Errorf("%v", joined.Unwrap())
	}
}
