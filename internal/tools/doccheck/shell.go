package main

import (
	"regexp"
	"strings"
)

// A command is one simple command of a script. The words "(" and ")" alone stand for the ends of a subshell.
type command struct {
	line  int
	words []string
}

// A shell takes a script apart: enough of the shell's grammar for what documents hold.
type shell struct {
	text string
	at   int
	line int
	from int // the line that the command begins in
	out  []command

	words []string
	word  strings.Builder
	open  bool // a word has begun, be it empty
	drop  bool // the next word is the target of a redirection
	ends  []string
}

// commands lists the simple commands of a script, in their order.
func commands(script string, line int) []command {
	s := &shell{text: script, line: line}
	for s.at < len(s.text) {
		s.step()
	}
	s.endCommand()
	return s.out
}

func (s *shell) rest() string { return s.text[s.at:] }

func (s *shell) skip(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

func (s *shell) step() {
	switch c := s.text[s.at]; {
	case strings.HasPrefix(s.rest(), "\\\n"):
		s.endWord()
		s.skip(2)
	case c == '\\' && len(s.rest()) > 1:
		s.add(s.text[s.at+1 : s.at+2])
		s.skip(2)
	case c == '#' && !s.open:
		s.skip(len(upTo(s.rest(), "\n")))
	case c == '\'':
		inside := upTo(s.text[s.at+1:], "'")
		s.add(inside)
		s.skip(min(len(inside)+2, len(s.rest())))
	case c == '"':
		s.double()
	case s.substitutes() || strings.HasPrefix(s.rest(), "<("):
		s.substitution()
	case c == '\n':
		s.endCommand()
		s.skip(1)
		s.hereDocuments()
	case strings.IndexByte(" \t\r", c) >= 0:
		s.endWord()
		s.skip(1)
	case strings.IndexByte(";|&()", c) >= 0 && !strings.HasPrefix(s.rest(), "&>"):
		s.operator(c)
	case c == '<' || c == '>' || c == '&':
		s.redirection()
	default:
		s.add(s.text[s.at : s.at+1])
		s.skip(1)
	}
}

func upTo(s, end string) string {
	before, _, _ := strings.Cut(s, end)
	return before
}

func (s *shell) substitutes() bool { return s.text[s.at] == '`' || strings.HasPrefix(s.rest(), "$(") }

func (s *shell) add(text string) {
	if len(s.words) == 0 && !s.open {
		s.from = s.line
	}
	s.word.WriteString(text)
	s.open = true
}

// double reads a string in double quotes, and the commands in it.
func (s *shell) double() {
	s.add("")
	s.skip(1)
	for s.at < len(s.text) && s.text[s.at] != '"' {
		switch {
		case s.text[s.at] == '\\' && len(s.rest()) > 1:
			s.add(s.text[s.at+1 : s.at+2])
			s.skip(2)
		case s.substitutes():
			s.substitution()
		default:
			s.add(s.text[s.at : s.at+1])
			s.skip(1)
		}
	}
	s.skip(min(1, len(s.rest())))
}

// substitution reads $( ), <( ) or backticks: its commands come first, and the word stays unknown.
func (s *shell) substitution() {
	end, first := byte(')'), 2
	if s.text[s.at] == '`' {
		end, first = '`', 1
	}
	s.add("")
	s.out = append(s.out, command{s.line, []string{"("}})
	inner := &shell{text: s.text, at: s.at, line: s.line}
	inner.skip(first)
	for depth := 0; inner.at < len(s.text) && (depth > 0 || s.text[inner.at] != end); inner.step() {
		switch s.text[inner.at] {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	inner.endCommand()
	s.out = append(append(s.out, inner.out...), command{inner.line, []string{")"}})
	s.add("$()")
	s.at, s.line = min(inner.at+1, len(s.text)), inner.line
}

func (s *shell) operator(c byte) {
	s.endCommand()
	if c == '(' || c == ')' {
		s.out = append(s.out, command{s.line, []string{string(c)}})
	}
	s.skip(1)
}

var redirectionForm = regexp.MustCompile(`^(&>>?|<<<|<<-?|[<>]&-?|>>|>\||[<>])`)

func (s *shell) redirection() {
	op := redirectionForm.FindString(s.rest())
	if n := s.word.String(); strings.Trim(n, "0123456789") != "" || !s.open {
		s.endWord()
	}
	s.word.Reset() // the number of a stream
	s.open = false
	s.drop = true
	s.skip(len(op))
	if op == "<<" || op == "<<-" {
		end := regexp.MustCompile(`^\s*['"\\]?(\w+)`).FindStringSubmatch(s.rest())
		if end != nil {
			s.ends = append(s.ends, end[1])
		}
	}
}

// hereDocuments skips the texts that the last line announced.
func (s *shell) hereDocuments() {
	for _, end := range s.ends {
		for s.at < len(s.text) {
			line := upTo(s.rest(), "\n")
			s.skip(min(len(line)+1, len(s.rest())))
			if strings.TrimSpace(line) == end {
				break
			}
		}
	}
	s.ends = nil
}

func (s *shell) endWord() {
	if s.open && !s.drop {
		s.words = append(s.words, s.word.String())
	}
	if s.open {
		s.drop = false
	}
	s.word.Reset()
	s.open = false
}

func (s *shell) endCommand() {
	s.endWord()
	s.drop = false
	if words := plain(s.words); len(words) > 0 {
		s.out = append(s.out, command{s.from, words})
	}
	s.words = nil
}

var assignmentForm = regexp.MustCompile(`^[A-Za-z_]\w*=`)

// plain drops what may stand before the name of a program.
func plain(words []string) []string {
	for len(words) > 0 {
		switch w := words[0]; {
		case assignmentForm.MatchString(w):
		case strings.Contains(" if then else elif do while until ! { time sudo exec env nohup ", " "+w+" "):
		default:
			return words
		}
		words = words[1:]
	}
	return nil
}
