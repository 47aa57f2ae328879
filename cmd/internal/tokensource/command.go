package tokensource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// Limit is how long the program may take.
	Limit = 30 * time.Second
	// reap is how long its children may hold on to its output.
	reap = 2 * time.Second
)

// Command starts the program that line names, with its arguments behind it, divided at white space. There is no shell, so
// quotes and variables mean nothing. It gets no ACSAUTH_ variable. No error shows what it printed.
func Command(ctx context.Context, line string) (string, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return "", errors.New("names no program")
	}
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	out := &limited{}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env, cmd.Stdout, cmd.WaitDelay = environment(), out, reap
	err := cmd.Run()
	switch token := strings.TrimSpace(out.kept.String()); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not end within %v", words[0], Limit)
	case out.over:
		return "", fmt.Errorf("%s prints more than a token", words[0])
	case err != nil:
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", fmt.Errorf("%s ended with exit code %d", words[0], e.ExitCode())
		}
		return "", fmt.Errorf("%s cannot be run: %w", words[0], err)
	case token == "":
		return "", fmt.Errorf("%s prints nothing", words[0])
	default:
		return token, nil
	}
}

func environment() (out []string) {
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ACSAUTH_") {
			out = append(out, entry)
		}
	}
	return out
}

// limited keeps the first maxText bytes, and takes the rest without keeping it. The buffer is no
// embedded one, since io.Copy would then read into it past this Write.
type limited struct {
	kept bytes.Buffer
	over bool
}

func (l *limited) Write(b []byte) (int, error) {
	room := maxText - l.kept.Len()
	l.over = l.over || len(b) > room
	_, _ = l.kept.Write(b[:min(len(b), room)]) // a buffer never fails
	return len(b), nil
}
