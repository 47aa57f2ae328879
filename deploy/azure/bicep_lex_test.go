package azure

import (
	"fmt"
	"strings"
)

// A token of Bicep. Of a string, parts are its pieces: text and, at odd places, the source of an interpolated expression.
type token struct {
	kind  string // id, int, string, newline, end, or the sign itself
	text  string
	parts []string
	line  int
}

// signs of Bicep that are longer than one letter, the longest first.
var signs = [...]string{"==", "!=", "&&", "||", "<=", ">=", "??"}

// A lexer cuts Bicep into tokens.
type lexer struct {
	rest string
	line int
	out  []token
}

func lex(source string, line int) ([]token, error) {
	l := &lexer{rest: source, line: line}
	for l.rest != "" {
		if err := l.next(); err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	l.add("newline", "\n", 0)
	l.add("end", "", 0)
	return l.out, nil
}

func (l *lexer) add(kind, text string, length int) {
	l.out = append(l.out, token{kind: kind, text: text, line: l.line})
	l.rest = l.rest[length:]
}

func (l *lexer) next() error {
	c := l.rest[0]
	switch {
	case c == ' ' || c == '\r':
		l.rest = l.rest[1:]
	case c == '\t':
		return fmt.Errorf("a tab")
	case c == '\n':
		l.add("newline", "\n", 1)
		l.line++
	case strings.HasPrefix(l.rest, "//"):
		text, _, _ := strings.Cut(l.rest, "\n")
		l.rest = l.rest[len(text):]
	case c == '\'':
		return l.text()
	case isLetter(c):
		n := spanOf(l.rest, func(c byte) bool { return isLetter(c) || isDigit(c) })
		l.add("id", l.rest[:n], n)
	case isDigit(c):
		n := spanOf(l.rest, isDigit)
		l.add("int", l.rest[:n], n)
	default:
		return l.sign()
	}
	return nil
}

func (l *lexer) sign() error {
	for _, s := range signs {
		if strings.HasPrefix(l.rest, s) {
			l.add(s, s, len(s))
			return nil
		}
	}
	c := l.rest[:1]
	if !strings.Contains("{}[]().,:?=!@<>+-|", c) {
		return fmt.Errorf("the sign %q", c)
	}
	l.add(c, c, 1)
	return nil
}

// text reads a string with its interpolations.
func (l *lexer) text() error {
	parts := []string{""}
	for i := 1; i < len(l.rest); i++ {
		switch c := l.rest[i]; {
		case c == '\n':
			return fmt.Errorf("a string without an end")
		case c == '\'':
			l.out = append(l.out, token{kind: "string", parts: parts, line: l.line})
			l.rest = l.rest[i+1:]
			return nil
		case c == '\\':
			i++
			if i == len(l.rest) || !strings.ContainsRune(`'\$`, rune(l.rest[i])) {
				return fmt.Errorf("an escape that is not known")
			}
			parts[len(parts)-1] += l.rest[i : i+1]
		case strings.HasPrefix(l.rest[i:], "${"):
			n, err := closing(l.rest[i+2:])
			if err != nil {
				return err
			}
			parts = append(parts, l.rest[i+2:i+2+n], "")
			i += 2 + n
		default:
			parts[len(parts)-1] += string(c)
		}
	}
	return fmt.Errorf("a string without an end")
}

// closing finds the brace that ends an interpolation.
func closing(s string) (int, error) {
	depth, quoted := 0, false
	for i := range len(s) {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '{':
			depth++
		case '}':
			if depth == 0 && !quoted {
				return i, nil
			}
			depth--
		}
	}
	return 0, fmt.Errorf("an interpolation without an end")
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// spanOf is how many bytes at the beginning fit.
func spanOf(s string, fits func(byte) bool) int {
	for i := range len(s) {
		if !fits(s[i]) {
			return i
		}
	}
	return len(s)
}
