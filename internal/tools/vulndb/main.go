// Command vulndb makes the file tree that govulncheck reads (https://go.dev/doc/security/vuln/database#api)
// from a folder of OSV entries, as the module golang.org/x/vulndb holds them in data/osv.
//
//	vulndb FOLDER-OF-ENTRIES NEW-FOLDER
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vulndb:", err)
		os.Exit(1)
	}
}

// An entry is what the index needs of an OSV entry. The source has no true time of
// modification, so that of publication stands for it.
type entry struct {
	ID        string    `json:"id"`
	Published time.Time `json:"published"`
	Aliases   []string  `json:"aliases"`
	Affected  []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Events []struct {
				Fixed string `json:"fixed"`
			} `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
}

type indexed struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Fixed    string    `json:"fixed,omitempty"`
	Aliases  []string  `json:"aliases,omitempty"`
}

type module struct {
	Path  string    `json:"path"`
	Vulns []indexed `json:"vulns"`
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: vulndb FOLDER-OF-ENTRIES NEW-FOLDER")
	}
	from, to := args[0], args[1]
	paths, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil || len(paths) == 0 {
		return errors.Join(err, fmt.Errorf("%s has no entries", from))
	}
	for _, dir := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(to, dir), 0o755); err != nil {
			return err
		}
	}
	var vulns []indexed
	modules := map[string][]indexed{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(filepath.Join(to, "ID", e.ID+".json"), text, 0o644); err != nil {
			return err
		}
		vulns = append(vulns, indexed{ID: e.ID, Modified: e.Published, Aliases: e.Aliases})
		for name, fixed := range e.fixes() {
			modules[name] = append(modules[name], indexed{ID: e.ID, Modified: e.Published, Fixed: fixed})
		}
	}
	fmt.Printf("%d entries about %d modules\n", len(vulns), len(modules))
	return write(filepath.Join(to, "index"), map[string]any{"db": map[string]any{"modified": time.Now().UTC()}, "vulns": vulns, "modules": sorted(modules)})
}

// fixes returns the last fixed version of each module, "" if there is none.
func (e entry) fixes() map[string]string {
	out := map[string]string{}
	for _, a := range e.Affected {
		fixed := ""
		for _, r := range a.Ranges {
			for _, v := range r.Events {
				if v.Fixed != "" {
					fixed = v.Fixed
				}
			}
		}
		out[a.Package.Name] = fixed
	}
	return out
}

func sorted(modules map[string][]indexed) []module {
	list := make([]module, 0, len(modules))
	for path, vulns := range modules {
		list = append(list, module{path, vulns})
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return list
}

func write(dir string, files map[string]any) error {
	for name, v := range files {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
