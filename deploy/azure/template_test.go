package azure

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write azuredeploy.json anew")

func compiled(t *testing.T, path string) object {
	t.Helper()
	m, err := readModule(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// azuredeploy.json is what main.bicep says. "go test ./deploy/azure -run Current -update" writes it.
func TestTemplateIsCurrent(t *testing.T) {
	out := compiled(t, "main.bicep")
	note := object{{"metadata", object{{"note", "Made from main.bicep by: go test ./deploy/azure -run Current -update. Do not edit."}}}}
	text, err := plain(append(append(append(object{}, out[:2]...), note...), out[2:]...))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if *update {
		if err := os.WriteFile("azuredeploy.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("azuredeploy.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("azuredeploy.json is not what main.bicep says: go test ./deploy/azure -run Current -update")
	}
}
