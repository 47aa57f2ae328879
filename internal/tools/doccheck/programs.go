package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// programs are both binaries, built to be asked about their command lines.
type programs struct {
	dir  string
	said map[string]string // by command line
}

func buildPrograms(root string) (*programs, error) {
	dir, err := os.MkdirTemp("", "doccheck")
	if err != nil {
		return nil, err
	}
	p := &programs{dir: dir, said: map[string]string{}}
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/acsauth", "./cmd/acsauth-dev")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		p.remove()
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return p, nil
}

func (p *programs) remove() { os.RemoveAll(p.dir) }

// refuse returns what a program says against a command line, or "". With --help at its end the program reads the line by its
// own grammar, refuses what it does not know, and does nothing else.
func (p *programs) refuse(name string, args []string) string {
	key := name + "\x00" + strings.Join(args, "\x00")
	if said, ok := p.said[key]; ok {
		return said
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	run := exec.CommandContext(ctx, filepath.Join(p.dir, name), append(args[:len(args):len(args)], "--help")...)
	run.Env = []string{}
	out, err := run.CombinedOutput()
	said := ""
	if err != nil {
		said = "refused: " + strings.TrimPrefix(strings.TrimSpace(upTo(string(out), "\n")), name+": ")
	}
	p.said[key] = said
	return said
}
