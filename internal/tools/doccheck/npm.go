package main

import (
	"encoding/json"
	"path"
	"strings"
)

// npm checks that the folders are there, and the scripts that are run.
func (c *checker) npm(d *document, line int, args []string, at place) {
	workspace, words := "", []string{}
	for i := 0; i < len(args); i++ {
		flag, value, joined := strings.Cut(args[i], "=")
		switch {
		case flag == "--":
			i = len(args)
		case flag == "--workspace" || flag == "-w" || flag == "--prefix" || flag == "-C":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			workspace = value
		case !strings.HasPrefix(flag, "-"):
			words = append(words, args[i])
		}
	}
	if len(words) == 0 || len(at) == 0 {
		return
	}
	script := ""
	switch words[0] {
	case "run", "run-script":
		if len(words) > 1 {
			script = words[1]
		}
	case "test", "start":
		script = words[0]
	}
	c.npmScript(d, line, workspace, script, at)
}

func (c *checker) npmScript(d *document, line int, workspace, script string, at place) {
	found := false
	for _, base := range at {
		folder := path.Join(base, workspace)
		text, err := c.tree.read(path.Join(folder, "package.json"))
		if err != nil {
			continue
		}
		found = true
		var p struct{ Scripts map[string]string }
		if json.Unmarshal([]byte(text), &p) == nil && (script == "" || p.Scripts[script] != "") {
			return
		}
	}
	switch {
	case found:
		d.fault(line, "package.json has no script %q", script)
	case workspace != "":
		d.fault(line, "npm: %s has no package.json", workspace)
	case script != "":
		d.fault(line, "npm: there is no package.json; say which folder to go to")
	}
}
