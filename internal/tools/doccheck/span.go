package main

import "strings"

// blankSpans blanks code spans, which end with as many backticks as they begin, in the same paragraph.
func blankSpans(text string) (string, []span) {
	var spans []span
	b := []byte(text)
	for i := 0; i < len(b); i++ {
		if b[i] != '`' {
			continue
		}
		ticks := ticksOf(text[i:])
		end := spanEnd(text[i+ticks:], ticks)
		if end < 0 {
			i += ticks - 1
			continue
		}
		inside := text[i+ticks : i+ticks+end]
		inside = strings.ReplaceAll(inside, `\|`, "|") // as a cell of a table has it
		spans = append(spans, span{lineAt(text, i), strings.Join(strings.Fields(inside), " ")})
		copy(b[i+ticks:], blank(text[i+ticks:i+ticks+end]))
		i += ticks + end + ticks - 1
	}
	return string(b), spans
}

func ticksOf(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

// spanEnd is the place of the backticks that end a span, or -1.
func spanEnd(s string, ticks int) int {
	if i := strings.Index(s, "\n\n"); i >= 0 {
		s = s[:i]
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		n := ticksOf(s[i:])
		if n == ticks {
			return i
		}
		i += n - 1
	}
	return -1
}
