// Package tokensource gets a token from a file, the standard input or another program. It is the
// one package of the production program that starts another program: only the prober has it do so,
// and only if its command line says so.
package tokensource

import (
	"errors"
	"io"
	"os"
	"strings"
)

// maxText bounds what is read: the token, and white space.
const maxText = 17 << 10

// File reads a token from a file, or from the standard input for -.
func File(path string) (string, error) {
	var in io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxText+1))
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxText:
		return "", errors.New("is longer than a token can be")
	case token == "":
		return "", errors.New("is empty")
	}
	return token, nil
}
