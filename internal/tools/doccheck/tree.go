package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A tree is the files that git tracks, by their paths with slashes.
type tree struct {
	root    string
	files   []string
	isFile  map[string]bool
	folders map[string]bool
}

func openTree(root string) (*tree, error) {
	run := exec.Command("git", "ls-files", "-z")
	run.Dir = root
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return newTree(root, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")), nil
}

func newTree(root string, files []string) *tree {
	t := &tree{root: root, isFile: map[string]bool{}, folders: map[string]bool{".": true}}
	for _, name := range files {
		if _, err := os.Stat(filepath.Join(root, name)); errors.Is(err, os.ErrNotExist) {
			continue // taken away, and not yet committed
		}
		t.files = append(t.files, name)
		t.isFile[name] = true
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			t.folders[d] = true
		}
	}
	slices.Sort(t.files)
	return t
}

// has says whether a file or a folder is tracked.
func (t *tree) has(name string) bool {
	name = path.Clean(name)
	return t.isFile[name] || t.folders[name]
}

func (t *tree) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(t.root, filepath.FromSlash(name)))
	return string(text), err
}

// in lists the files directly in a folder that end like this.
func (t *tree) in(folder, suffix string) (list []string) {
	for _, f := range t.files {
		if path.Dir(f) == path.Clean(folder) && strings.HasSuffix(f, suffix) {
			list = append(list, f)
		}
	}
	return list
}

// under lists the files below a folder that end like this.
func (t *tree) under(folder, suffix string) (list []string) {
	folder = path.Clean(folder)
	for _, f := range t.files {
		if (folder == "." || strings.HasPrefix(f, folder+"/")) && strings.HasSuffix(f, suffix) {
			list = append(list, f)
		}
	}
	return list
}

// inTestdata says whether a file is an input of a test: its faults are meant.
func inTestdata(name string) bool {
	return strings.HasPrefix(name, "testdata/") || strings.Contains(name, "/testdata/")
}
