package main

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

var bashFault = regexp.MustCompile(`^bash: line (\d+): (.*)`)

// syntax asks bash whether it takes a script; nothing of it is run.
func (d *document) syntax(script string, line int) {
	if strings.TrimSpace(script) == "" {
		d.fault(line, "the block has no command; begin what is typed with $, or name another language")
		return
	}
	run := exec.Command("bash", "-n")
	run.Stdin = strings.NewReader(script + "\n")
	out, err := run.CombinedOutput()
	said, _, _ := strings.Cut(string(out), "\n")
	if err == nil && said == "" {
		return
	}
	if err != nil && said == "" {
		said = err.Error()
	}
	if m := bashFault.FindStringSubmatch(said); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits, by the form
		line, said = line+n-1, m[2]
	}
	d.fault(line, "bash -n: %s; write what a shell takes, and quote what is to be filled in", said)
}
