package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/testkit"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/acs-solutions/acsauth/internal/policy"
)

func rule(name, when, effect string) string {
	return fmt.Sprintf(`{"name":%q,"when":{%s},%s}`, name, when, effect)
}

const (
	allowAll = `"allow":{"operations":["*"],"scopes":["chat"]}`
	denyIt   = `"deny":"No."`
)

func one(when, effect string) string { return file("enforce", "", rule("r", when, effect)) }

func many(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }

func numbered(n int, format string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return strings.Join(out, ",")
}

// good are files that both the schema and Parse take.
func good() map[string]string {
	return map[string]string{
		"smallest":         one(``, denyIt),
		"sample":           sample,
		"audit":            file("audit", "", all),
		"comments":         `{"$schema":"x","version":1,"mode":"enforce","comment":"a\nb","default":{"deny":"No."},"rules":[{"name":"a","comment":"\t","when":{},"deny":"é"}]}`,
		"default allows":   file("enforce", `"default":{"allow":{"operations":["getUser"]}},`, all),
		"version 1.0":      strings.Replace(one(``, denyIt), `"version":1`, `"version":1.0`, 1),
		"lifetime 6e1":     one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":6e1}`),
		"lifetime 1440.0":  one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":1440.0}`),
		"no token":         one(``, `"allow":{"operations":["getUser"]}`),
		"scopes for none":  one(``, `"allow":{"operations":["getUser"],"scopes":["voip"]}`),
		"every operation":  one(``, `"allow":{"operations":["getUser","getToken","refreshToken","exchangeToken","revokeTokens","deleteUser","exportUser"],"scopes":["chat","chat.join","chat.join.limited","voip","voip.join"]}`),
		"longest name":     file("enforce", "", rule("a"+strings.Repeat("-", 63), ``, denyIt)),
		"odd name":         file("enforce", "", rule("0.a-", ``, denyIt)),
		"group name":       one(`"groups":["Vertrieb Süd / Nord"]`, denyIt),
		"other client":     one(`"clients":["my~client!"]`, denyIt),
		"longest value":    one(`"roles":["`+strings.Repeat("ü", 256)+`"]`, denyIt),
		"most values":      one(`"roles":[`+numbered(200, `"r%d"`)+`]`, denyIt),
		"both kinds":       one(`"kinds":["member","guest"]`, denyIt),
		"GUID twice":       one(`"tenants":["`+tenantA+`","`+strings.ToUpper(tenantA)+`"]`, denyIt),
		"most rules":       file("enforce", "", numbered(500, `{"name":"r%d","when":{},"deny":"No."}`)),
		"longest reason":   one(``, `"deny":"`+strings.Repeat("x", 300)+`"`),
		"escaped":          one(`"roles":["\u0061"]`, denyIt),
		"white space":      "\n\t " + one(``, denyIt) + "\r\n",
		"no-break reason":  one(``, "\"deny\":\"\u00a0\""),
		"all fields":       one(`"issuers":["a"],"tenants":["`+tenantA+`"],"kinds":["guest"],"clients":["c"],"roles":["r"],"groups":["g"]`, allowAll),
		"reason of 300 ü":  one(``, `"deny":"`+strings.Repeat("ü", 300)+`"`),
		"clients as wide":  one(`"clients":["`+strings.Repeat("c", 256)+`"]`, denyIt),
		"unicode comments": `{"version":1,"mode":"audit","comment":"` + strings.Repeat("ö", 2000) + `","rules":[` + all + `]}`,
	}
}

// bad are files that both refuse, with the place of the first fault.
func bad() map[string][2]string {
	guidless := one(`"tenants":["x"]`, denyIt)
	return map[string][2]string{
		"array":                  {`[]`, "file: "},
		"null":                   {`null`, "file: "},
		"empty object":           {`{}`, "version: is missing"},
		"version 2":              {strings.Replace(one(``, denyIt), `"version":1`, `"version":2`, 1), "version: "},
		"version as text":        {strings.Replace(one(``, denyIt), `"version":1`, `"version":"1"`, 1), "version: "},
		"no mode":                {`{"version":1,"rules":[` + all + `]}`, "mode: is missing"},
		"mode off":               {file("off", "", all), "mode: "},
		"mode in capitals":       {file("Enforce", "", all), "mode: "},
		"no rules":               {`{"version":1,"mode":"audit"}`, "rules: is missing"},
		"empty rules":            {file("audit", ""), "rules: "},
		"rules as object":        {`{"version":1,"mode":"audit","rules":{}}`, "rules: "},
		"too many rules":         {file("enforce", "", numbered(501, `{"name":"r%d","when":{},"deny":"No."}`)), "rules: "},
		"unknown member":         {file("audit", `"rule":1,`, all), "rule: is not known"},
		"member in other case":   {file("audit", `"Mode":"audit",`, all), "Mode: is not known"},
		"subject":                {one(`"subject":["x"]`, denyIt), "rules[0].when.subject: is not known"},
		"rule as text":           {file("audit", "", `"x"`), "rules[0]: "},
		"no name":                {file("audit", "", `{"when":{},"deny":"No."}`), "rules[0].name: is missing"},
		"no when":                {file("audit", "", `{"name":"a","deny":"No."}`), "rules[0].when: is missing"},
		"name with capitals":     {file("audit", "", rule("A", ``, denyIt)), "rules[0].name: "},
		"name with blank":        {file("audit", "", rule("a b", ``, denyIt)), "rules[0].name: "},
		"name with line break":   {file("audit", "", "{\"name\":\"a\\n\",\"when\":{},\"deny\":\"No.\"}"), "rules[0].name: "},
		"name starts with dot":   {file("audit", "", rule(".a", ``, denyIt)), "rules[0].name: "},
		"name too long":          {file("audit", "", rule(strings.Repeat("a", 65), ``, denyIt)), "rules[0].name: "},
		"name as number":         {file("audit", "", `{"name":1,"when":{},"deny":"No."}`), "rules[0].name: "},
		"reserved name":          {file("audit", "", rule("default", ``, denyIt)), "rules[0].name: is default"},
		"allow and deny":         {one(``, allowAll+","+denyIt), "rules[0]: has both"},
		"neither":                {file("audit", "", `{"name":"a","when":{}}`), "rules[0]: has neither"},
		"default with both":      {file("audit", `"default":{`+allowAll+`,`+denyIt+`},`, all), "default: has both"},
		"default with neither":   {file("audit", `"default":{},`, all), "default: has neither"},
		"default with when":      {file("audit", `"default":{"when":{},"deny":"No."},`, all), "default.when: is not known"},
		"default null":           {file("audit", `"default":null,`, all), "default: is not an object"},
		"empty reason":           {one(``, `"deny":""`), "rules[0].deny: is empty"},
		"blank reason":           {one(``, `"deny":"  "`), "rules[0].deny: is empty"},
		"reason with line break": {one(``, `"deny":"a\nb"`), "rules[0].deny: has a line break"},
		"reason turns":           {one(``, `"deny":"a\u202eb"`), "rules[0].deny: has a line break"},
		"reason too long":        {one(``, `"deny":"`+strings.Repeat("x", 301)+`"`), "rules[0].deny: is not a text"},
		"deny true":              {one(``, `"deny":true`), "rules[0].deny: is not a text"},
		"comment too long":       {`{"version":1,"mode":"audit","comment":"` + strings.Repeat("ö", 2001) + `","rules":[` + all + `]}`, "comment: "},
		"comment as list":        {file("audit", `"comment":["a"],`, all), "comment: "},
		"when as list":           {file("audit", "", `{"name":"a","when":[],"deny":"No."}`), "rules[0].when: is not an object"},
		"condition as text":      {one(`"roles":"a"`, denyIt), "rules[0].when.roles: "},
		"empty condition":        {one(`"roles":[]`, denyIt), "rules[0].when.roles: "},
		"condition null":         {one(`"roles":null`, denyIt), "rules[0].when.roles: "},
		"too many values":        {one(`"roles":[`+numbered(201, `"r%d"`)+`]`, denyIt), "rules[0].when.roles: "},
		"value twice":            {one(`"roles":["a","a"]`, denyIt), "rules[0].when.roles[1]: is there twice"},
		"value as number":        {one(`"groups":[1]`, denyIt), "rules[0].when.groups[0]: "},
		"empty value":            {one(`"groups":[""]`, denyIt), "rules[0].when.groups[0]: "},
		"value too long":         {one(`"groups":["`+strings.Repeat("x", 257)+`"]`, denyIt), "rules[0].when.groups[0]: "},
		"value with NUL":         {one(`"groups":["a\u0000"]`, denyIt), "rules[0].when.groups[0]: "},
		"tenant no GUID":         {guidless, "rules[0].when.tenants[0]: is not a tenant id"},
		"tenant in braces":       {one(`"tenants":["{`+tenantA+`}"]`, denyIt), "rules[0].when.tenants[0]: "},
		"kind app":               {one(`"kinds":["app"]`, denyIt), "rules[0].when.kinds[0]: "},
		"client with blank":      {one(`"clients":["a b"]`, denyIt), "rules[0].when.clients[0]: "},
		"client of umlauts":      {one(`"clients":["ü"]`, denyIt), "rules[0].when.clients[0]: "},
		"no operations":          {one(``, `"allow":{"scopes":["chat"]}`), "rules[0].allow.operations: is missing"},
		"empty operations":       {one(``, `"allow":{"operations":[]}`), "rules[0].allow.operations: "},
		"unknown operation":      {one(``, `"allow":{"operations":["getUsers"]}`), "rules[0].allow.operations[0]: is no operation"},
		"operation twice":        {one(``, `"allow":{"operations":["getUser","getUser"]}`), "rules[0].allow.operations[1]: is there twice"},
		"star beside":            {one(``, `"allow":{"operations":["getUser","*"],"scopes":["chat"]}`), "rules[0].allow.operations[1]: is *"},
		"no scopes":              {one(``, `"allow":{"operations":["getToken"]}`), "rules[0].allow.scopes: is missing"},
		"no scopes with star":    {one(``, `"allow":{"operations":["*"]}`), "rules[0].allow.scopes: is missing"},
		"empty scopes":           {one(``, `"allow":{"operations":["getToken"],"scopes":[]}`), "rules[0].allow.scopes: "},
		"unknown scope":          {one(``, `"allow":{"operations":["getToken"],"scopes":["Chat"]}`), "rules[0].allow.scopes[0]: is no scope"},
		"scope twice":            {one(``, `"allow":{"operations":["getToken"],"scopes":["chat","chat"]}`), "rules[0].allow.scopes[1]: is there twice"},
		"lifetime 59":            {one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":59}`), "rules[0].allow.maxLifetimeMinutes: "},
		"lifetime 1441":          {one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":1441}`), "rules[0].allow.maxLifetimeMinutes: "},
		"lifetime 60.5":          {one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":60.5}`), "rules[0].allow.maxLifetimeMinutes: "},
		"lifetime 1e999":         {one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":1e999}`), "rules[0].allow.maxLifetimeMinutes: "},
		"lifetime as text":       {one(``, `"allow":{"operations":["getToken"],"scopes":["chat"],"maxLifetimeMinutes":"60"}`), "rules[0].allow.maxLifetimeMinutes: "},
		"unknown in allow":       {one(``, `"allow":{"operations":["getUser"],"lifetime":60}`), "rules[0].allow.lifetime: is not known"},
		"allow true":             {one(``, `"allow":true`), "rules[0].allow: is not an object"},
	}
}

// unschemed are files that only Parse refuses: a schema cannot.
func unschemed() map[string][2]string {
	return map[string][2]string{
		"empty":              {``, "line 1: cannot be read as JSON: it ends too early"},
		"half":               {one(``, denyIt)[:40], "line 1: cannot be read as JSON"},
		"two documents":      {one(``, denyIt) + "\n{}", "line 2: cannot be read as JSON: something follows"},
		"comma at the end":   {`{"version":1,}`, "line 1: cannot be read as JSON"},
		"colon missing":      {"{\n\"version\":1,\n\"mode\" \"audit\"\n}", "line 3: cannot be read as JSON"},
		"value missing":      {"{\n\"version\":1,\n\n\"mode\": ,\n\n}", "line 4: cannot be read as JSON"},
		"comma missing":      {"{\n\"version\":1\n\"mode\":\"audit\"\n}", "line 3: cannot be read as JSON"},
		"text cut":           {"{\n\"mode\":\n\"audit\n\"}", "line 3: cannot be read as JSON"},
		"comment of a kind":  {"// x\n" + one(``, denyIt), "line 1: cannot be read as JSON"},
		"byte order mark":    {"\ufeff" + one(``, denyIt), "line 1: cannot be read as JSON"},
		"not UTF-8":          {one(``, "\"deny\":\"\xff\""), "file: is not UTF-8"},
		"member twice":       {file("audit", `"mode":"enforce",`, all), "mode: is there twice"},
		"escaped twice":      {file("audit", `"\u006dode":"enforce",`, all), "mode: is there twice"},
		"twice within":       {one(``, `"deny":"a","deny":"b"`), "rules[0].deny: is there twice"},
		"name twice":         {file("audit", "", rule("a", ``, denyIt), rule("a", ``, denyIt)), "rules[1].name: is a, which rules[0] has"},
		"too large":          {one(``, denyIt) + strings.Repeat(" ", 1<<20), "file: is larger than 1 MiB"},
		"nested deep":        {one(``, `"deny":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)), "line 1: cannot be read as JSON: it is nested too deep"},
		"values without end": {one(`"roles":[`+many(100_000, "1")+`]`, denyIt), "line 1: cannot be read as JSON: it has too many values"},
		"nested without end": {strings.Repeat("[", 1<<19), "line 1: cannot be read as JSON: it is nested too deep"},
		"too many values":    {tooManyValues(), "rules: has 4200 different values"},
	}
}

func tooManyValues() string {
	var rules []string
	for i := range 21 {
		rules = append(rules, rule(fmt.Sprint("r", i), `"roles":[`+numbered(200, fmt.Sprintf(`"r%d.%%d"`, i))+`]`, denyIt))
	}
	return file("enforce", "", rules...)
}

func TestSchemaAndParseAgree(t *testing.T) {
	schema := compileSchema(t)
	valid := func(text string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
	for name, text := range good() {
		if err := valid(text); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
		if _, err := policy.Parse([]byte(text)); err != nil {
			t.Errorf("%s: Parse refuses it: %v", name, err)
		}
	}
	for name, test := range bad() {
		if valid(test[0]) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
		faulty(t, name, test[0], test[1])
	}
	for name, test := range unschemed() {
		faulty(t, name, test[0], test[1])
	}
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return testkit.Schema(t, "../../api/policy.schema.json")
}

// faulty wants a first fault that starts so, and no fault of more than one line.
func faulty(t *testing.T, name, text, want string) {
	t.Helper()
	p, err := policy.Parse([]byte(text))
	if err == nil || p != nil {
		t.Errorf("%s: Parse takes it", name)
		return
	}
	if !strings.HasPrefix(policy.Faults(err)[0].Error(), want) {
		t.Errorf("%s: %v, want %s", name, err, want)
	}
	if n := len(strings.Split(err.Error(), "\n")); n != len(policy.Faults(err)) || n > 51 {
		t.Errorf("%s: %d lines for %d faults", name, n, len(policy.Faults(err)))
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	text := `{"version":3,"mode":"x","rules":[
	 {"name":"a","when":{"kinds":["all"],"who":[]},"allow":{"operations":["getToken","fly"],"maxLifetimeMinutes":1}},
	 {"name":"a","when":{},"deny":""}],"more":1}`
	_, err := policy.Parse([]byte(text))
	want := []string{
		"more: ", "version: ", "mode: ", "rules[0].when.who: ", "rules[0].when.kinds[0]: ", "rules[0].allow.operations[1]: ", "rules[0].allow.scopes: ",
		"rules[0].allow.maxLifetimeMinutes: ", "rules[1].deny: ", "rules[1].name: ",
	}
	faults := policy.Faults(err)
	if len(faults) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(faults), len(want), err)
	}
	for i, f := range faults {
		if !strings.HasPrefix(f.Error(), want[i]) {
			t.Errorf("%v, want %s", f, want[i])
		}
	}
	_, err = policy.Parse([]byte(file("x", "", many(400, `1`))))
	if n := len(policy.Faults(err)); n != 51 || !strings.Contains(err.Error(), "file: has 351 faults more") {
		t.Errorf("%d faults", n)
	}
}
