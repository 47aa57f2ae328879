package acsidentity

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/acs-solutions/acsauth"
)

const (
	maxKeptAnswer = 4 << 10
	maxKeptString = 64
)

var longRun = regexp.MustCompile(`[A-Za-z0-9+/=_.~%-]{65,}`)

// redact returns the start of a body with its secrets cut out: every value of a
// member named token, every string over 64 bytes that is not a well-formed
// identity, and what else looks like a token. The body need not be valid JSON.
func redact(body []byte, secrets []string) []byte {
	s := scanner{in: []byte(hide(string(body), secrets))}
	for s.at < len(s.in) {
		s.step()
	}
	out := s.out.Bytes()
	return out[:min(len(out), maxKeptAnswer):min(len(out), maxKeptAnswer)]
}

// A scanner copies JSON, or something like it, and leaves secrets out.
type scanner struct {
	in     []byte
	at     int
	out    bytes.Buffer
	secret bool // the value that comes next belongs to a member named like a token
	whole  bool // and it is to be cut even if it is an object or an array
}

// step copies a string, a piece of structure, or a run of other bytes.
func (s *scanner) step() {
	switch c := s.in[s.at]; {
	case c == '"':
		s.string()
	case (c == '{' || c == '[') && s.whole:
		s.skip()
	case strings.IndexByte("{}[],", c) >= 0:
		s.secret, s.whole = false, false
		s.copy(1)
	case strings.IndexByte(": \t\r\n", c) >= 0:
		s.copy(1)
	default:
		s.bare()
	}
}

func (s *scanner) copy(n int) {
	s.out.Write(s.in[s.at : s.at+n])
	s.at += n
}

// bare copies what stands outside of strings: numbers, words, text that is no JSON.
func (s *scanner) bare() {
	n := 1
	for s.at+n < len(s.in) && strings.IndexByte("\"{}[],: \t\r\n", s.in[s.at+n]) < 0 {
		n++
	}
	text := s.in[s.at : s.at+n]
	s.at += n
	if s.secret {
		s.out.WriteString(cut)
		s.secret, s.whole = false, false
		return
	}
	s.out.Write(longRun.ReplaceAll(text, []byte(cut)))
}

// string copies a string, or a mark in its place. One that does not end is cut.
func (s *scanner) string() {
	text, closed := s.quoted()
	isName := bytes.HasPrefix(bytes.TrimLeft(s.in[s.at:], " \t\r\n"), []byte(":"))
	keep := closed && (len(text) <= maxKeptString || acsauth.Identity(text).Valid()) && !s.secret
	s.out.WriteByte('"')
	if keep {
		s.out.Write(text)
	} else {
		s.out.WriteString(cut)
	}
	s.out.WriteByte('"')
	s.secret, s.whole = false, false
	if isName {
		s.name(text)
	}
}

// name notes whether the value of the member that follows is a secret.
func (s *scanner) name(raw []byte) {
	var name string
	if json.Unmarshal([]byte(`"`+string(raw)+`"`), &name) != nil {
		name = "token" // not a name at all: better cut too much
	}
	name = strings.ToLower(strings.TrimSpace(name))
	s.secret, s.whole = strings.Contains(name, "token"), name == "token"
}

// quoted moves behind the string that begins here and returns its raw content.
func (s *scanner) quoted() (text []byte, closed bool) {
	start := s.at + 1
	for i := start; i < len(s.in); i++ {
		switch s.in[i] {
		case '\\':
			i++
		case '"':
			s.at = i + 1
			return s.in[start:i], true
		}
	}
	s.at = len(s.in)
	return s.in[start:], false
}

// skip moves behind the object or array that begins here and leaves a mark.
func (s *scanner) skip() {
	depth := 0
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case '"':
			s.quoted()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			break
		}
	}
	s.out.WriteString(`"` + cut + `"`)
	s.secret, s.whole = false, false
}
