package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// command is the package of the production binary.
const command = "github.com/acs-solutions/acsauth/cmd/acsauth"

// A module is one that is linked.
type module struct {
	Path, Version, Dir string
	Replaced           bool
	Direct             bool     // one of our packages that is linked imports it
	By                 []string // modules that import it, if it is not direct
	Licences           []string
}

// A listedPackage is what go list says of a package.
type listedPackage struct {
	ImportPath string
	Imports    []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path string }
	}
}

// linked lists the modules that the binary for Linux links, by path. Folder is the root of the repository.
func linked(folder string) ([]module, error) {
	packages, err := list(folder)
	if err != nil {
		return nil, err
	}
	owner := map[string]string{} // import path to module, "" for ours
	found := map[string]*module{}
	for _, p := range packages {
		if p.Module == nil {
			continue // standard library
		}
		if p.Module.Main {
			owner[p.ImportPath] = ""
			continue
		}
		owner[p.ImportPath] = p.Module.Path
		found[p.Module.Path] = &module{Path: p.Module.Path, Version: p.Module.Version, Dir: p.Module.Dir, Replaced: p.Module.Replace != nil}
	}
	for _, p := range packages {
		by, ok := owner[p.ImportPath]
		for _, imp := range p.Imports {
			m := found[owner[imp]]
			if !ok || m == nil || m.Path == by {
				continue
			}
			if by == "" {
				m.Direct = true
			} else if !slices.Contains(m.By, by) {
				m.By = append(m.By, by)
			}
		}
	}
	var all []module
	for _, m := range found {
		if m.Licences, err = licences(m.Dir); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		slices.Sort(m.By)
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// list runs go list for the platform of the container image.
func list(folder string) ([]listedPackage, error) {
	run := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", command)
	run.Dir, run.Env = folder, append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var faults bytes.Buffer
	run.Stderr = &faults
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, faults.String())
	}
	var packages []listedPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}
