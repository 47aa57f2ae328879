package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// permitted are the SPDX names of licences that may be linked. Everything else,
// known or not, needs a decision of a person first.
var permitted = map[string]bool{
	"Apache-2.0": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "ISC": true, "MIT": true, "Unlicense": true, "Public-Domain": true,
}

// A phrase stands in one licence only. All forms must be found; white space and case do not count.
type phrase struct {
	licence string
	all     []string
}

// phrases are tried in this order. Strict licences come first: a file that holds
// one besides another must not pass for the other.
var phrases = []phrase{
	{"MPL", []string{"mozilla public license"}}, // names the GPL in its text
	{"AGPL", []string{"gnu affero general public license"}},
	{"LGPL", []string{"gnu lesser general public license"}},
	{"LGPL", []string{"gnu library general public license"}},
	{"GPL", []string{"gnu general public license"}},
	{"SSPL", []string{"server side public license"}},
	{"BUSL", []string{"business source license"}},
	{"Commons-Clause", []string{"commons clause"}},
	{"Elastic", []string{"elastic license"}},
	{"EPL", []string{"eclipse public license"}},
	{"CDDL", []string{"common development and distribution license"}},
	{"Apache-2.0", []string{"apache license", "version 2.0"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "may not be used to endorse"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms"}},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy", "substantial portions"}},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose"}},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}},
	{"Public-Domain", []string{"dedicated to the public domain by the authors"}}, // SQLite
}

// licenceFile are names of files that hold a licence of code in the module.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)([.-].*)?$`)

// notOfCode are licence files for what is not linked: a picture, and lists over a
// whole module graph, tests and generators included. What is linked of that has a line of its own here.
var notOfCode = []string{"LICENSE-LOGO", "LICENSE-3RD-PARTY.md"}

// classify names the licence of a text, or "unknown".
func classify(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, p := range phrases {
		if !slices.ContainsFunc(p.all, func(s string) bool { return !strings.Contains(text, s) }) {
			return p.licence
		}
	}
	return "unknown"
}

// licences reads the licence files in the root of a module, or, where a
// repository holds several modules, those that the cache puts there.
func licences(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("%w; run: go mod download", err)
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || slices.Contains(notOfCode, e.Name()) {
			continue
		}
		text, err := readText(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		if name := classify(text); !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		found = []string{"none"}
	}
	slices.Sort(found)
	return found, nil
}

func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	return string(text), err
}
