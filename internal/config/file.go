package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// maxFile is the most that is read of a file of settings or a file with a secret.
const maxFile = 64 << 10

// readFile reads a small regular file.
func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxFile {
		return "", fmt.Errorf("is larger than %d KiB", maxFile>>10)
	}
	return string(b), nil
}

// reason says why a file cannot be read, without its path, which the caller names.
func reason(err error) string {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// readSecret reads the secret that the file at path holds, less one line break at its end.
func readSecret(path string) (string, error) {
	s, err := readFile(path)
	if err != nil {
		return "", err
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
	if s == "" {
		return "", errors.New("is empty")
	}
	return s, nil
}

var fileKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseFile reads lines NAME=VALUE. Empty lines and lines that begin with # are
// skipped; one pair of quotes around a value is dropped. It never repeats a line in a fault.
func (fs *faults) parseFile(path, text string) map[string]string {
	values := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where := fmt.Sprintf("%s:%d", path, n)
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		_, twice := values[name]
		switch {
		case !ok || !fileKey.MatchString(name):
			fs.add(where, "is not a line of the form NAME=VALUE", "one setting on a line, and # at the start of a comment")
		case twice:
			fs.add(where, name+" is set a second time", "")
		default:
			values[name] = unquote(strings.TrimSpace(value))
		}
	}
	return values
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
