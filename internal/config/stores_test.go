package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStore(t *testing.T) {
	for name, want := range map[string]StoreName{
		"sqlite:/var/lib/a.db":                                 {Kind: SQLite, Path: "/var/lib/a.db"},
		"postgresql://me@db:5432/acs":                          {Kind: Postgres, URL: "postgresql://me@db:5432/acs", Host: "db"},
		"postgres://me@/acs?host=/run/postgresql":              {Kind: Postgres, URL: "postgres://me@/acs?host=/run/postgresql", Host: "/run/postgresql"},
		"tables:https://contoso.table.core.windows.net":        {Kind: Tables, URL: "https://contoso.table.core.windows.net", Host: "contoso.table.core.windows.net", Account: "contoso", Table: "acsauth"},
		"tables:https://contoso.table.core.windows.net/users/": {Kind: Tables, URL: "https://contoso.table.core.windows.net", Host: "contoso.table.core.windows.net", Account: "contoso", Table: "users"},
		"tables:http://127.0.0.1:10002/devstoreaccount1/users": {Kind: Tables, URL: "http://127.0.0.1:10002/devstoreaccount1", Host: "127.0.0.1", Account: "devstoreaccount1", Table: "users"},
		"cosmos:https://contoso.documents.azure.com:443":       {Kind: Cosmos, URL: "https://contoso.documents.azure.com:443", Host: "contoso.documents.azure.com", Database: "acsauth", Container: "mappings"},
		"cosmos:https://contoso.documents.azure.com/db/users":  {Kind: Cosmos, URL: "https://contoso.documents.azure.com", Host: "contoso.documents.azure.com", Database: "db", Container: "users"},
		"graph:": {Kind: Graph},
	} {
		got, err := ParseStore(name)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

// A password in the name of a store shows up nowhere.
func TestPasswordInTheStore(t *testing.T) {
	const marker = "hunter2"
	for _, store := range []string{"postgres://me:hunter2@db/acsauth", "postgres://me@db/acsauth?password=hunter2", "tables:https://a.table.core.windows.net?sig=hunter2", "postgres://me:hunter2@db"} {
		c, err := Load(Sources{Environ: good("ACSAUTH_STORE="+store, "ACSAUTH_GRAPH_JOURNAL="+store)}, Production)
		var b strings.Builder
		if werr := c.WriteReport(&b); werr != nil || err == nil {
			t.Fatal(err, werr)
		}
		if strings.Contains(err.Error()+b.String(), marker) {
			t.Errorf("%s is shown:\n%v\n%s", store, err, b.String())
		}
	}
}

func TestGraphStore(t *testing.T) {
	key := "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	whole := good("ACSAUTH_STORE=graph:", "ACSAUTH_GRAPH_MAC_KEYS="+key+", "+key, "ACSAUTH_CLIENT_SECRET=x")
	c := mustLoad(t, Sources{Environ: whole})
	if keys, err := c.MACKeys(); err != nil || len(keys) != 2 || len(keys[0]) != 32 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	_, err := Load(Sources{Environ: good("ACSAUTH_STORE=graph:")}, Production)
	wantFaults(t, err, "ACSAUTH_GRAPH_MAC_KEYS: is not set, and users can write their own values; write one or two keys",
		"ACSAUTH_CLIENT_SECRET: is not set, and Graph is called as this API; write a client secret")
	if c := mustLoad(t, Sources{Environ: good("ACSAUTH_GRAPH_ADOPT=true", "ACSAUTH_CLIENT_SECRET=x")}); !c.Delegates() || c.UsesGraph() {
		t.Error("taking over needs the rights of the caller")
	}
	_, err = Load(Sources{Environ: good("ACSAUTH_GRAPH_ADOPT=true")}, Production)
	wantFaults(t, err, "ACSAUTH_CLIENT_SECRET: is not set, and Graph is called as this API")
	for more, fault := range map[string]string{
		"ACSAUTH_GRAPH_MODE=both":                     `ACSAUTH_GRAPH_MODE: is "both"`,
		"ACSAUTH_GRAPH_URL=http://graph.example":      "ACSAUTH_GRAPH_URL: names the URL",
		"ACSAUTH_GRAPH_EXTENSION=Com.Microsoft.x":     "ACSAUTH_GRAPH_EXTENSION: is",
		"ACSAUTH_GRAPH_EXTENSION=plain":               "ACSAUTH_GRAPH_EXTENSION: is",
		"ACSAUTH_GRAPH_JOURNAL=graph:":                "ACSAUTH_GRAPH_JOURNAL: is graph: itself",
		"ACSAUTH_GRAPH_JOURNAL=redis:x":               "ACSAUTH_GRAPH_JOURNAL: names no known store",
		"ACSAUTH_CLIENT_CREDENTIAL=managed-identity":  "ACSAUTH_CLIENT_SECRET: is not the only one of",
		"ACSAUTH_REHOME=recreate":                     "ACSAUTH_REHOME: is recreate, which the graph store cannot do",
		"ACSAUTH_GRAPH_ADOPT=perhaps":                 "ACSAUTH_GRAPH_ADOPT: is",
		"ACSAUTH_GRAPH_MAC_KEYS=c2hvcnQ=":             "ACSAUTH_GRAPH_MAC_KEYS: has a key that is not base64 of 32 bytes or more",
		"ACSAUTH_GRAPH_MAC_KEYS=" + key + ",a," + key: "ACSAUTH_GRAPH_MAC_KEYS: has more than two keys",
	} {
		_, err := Load(Sources{Environ: append(whole, more)}, Production)
		wantFaults(t, err, fault)
	}
	_, err = Load(Sources{Environ: append(whole, "ACSAUTH_ACS_CUSTOM_IDS=true", "ACSAUTH_ACS_API_VERSION=2025-03-02-preview")}, Production)
	wantFaults(t, err, "ACSAUTH_ACS_CUSTOM_IDS: is true, and with the graph store a suspect may be alive")
	_, err = Load(Sources{Environ: good("ACSAUTH_STORE_SECRET=x", "ACSAUTH_STORE_CREDENTIAL=azure-cli")}, Production)
	wantFaults(t, err, "ACSAUTH_STORE_CREDENTIAL: is set beside ACSAUTH_STORE_SECRET; write only one of them")
}
