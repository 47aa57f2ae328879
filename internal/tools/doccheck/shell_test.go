package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestCommandsOfAScript(t *testing.T) {
	for script, want := range map[string]string{
		"a b":                            "7:a b",
		"a | b && c || d; e & f":         "7:a 7:b 7:c 7:d 7:e 7:f",
		"a\n\nb \\\n  c\nd":              "7:a 9:b c 11:d",
		"X=1 Y=2 a":                      "7:a",
		"if a; then b; fi":               "7:a 7:b 7:fi",
		"a 'b | c' \"d ; e\" f\\ g":      "7:a b | c d ; e f g",
		"a 'b\nc'\nd":                    "7:a b\nc 9:d",
		"a # b\nc#d":                     "7:a 8:c#d",
		"a > b 2>&1 < c >> d e":          "7:a e",
		"X=$(a b) c":                     "7:( 7:a b 7:) 7:c",
		"a \"$(b \"$(c ')')\")\" d":      "7:( 7:( 7:c ) 7:) 7:b $() 7:) 7:a $() d",
		"a $(b\nc) d\ne":                 "7:( 7:b 8:c 8:) 7:a $() d 9:e",
		"a $( (b); c) d":                 "7:( 7:( 7:b 7:) 7:c 7:) 7:a $() d",
		"a `b c` d":                      "7:( 7:b c 7:) 7:a $() d",
		"(a; b) c":                       "7:( 7:a 7:b 7:) 7:c",
		"a <(b)":                         "7:( 7:b 7:) 7:a $()",
		"a <<E\nb\nE\nc":                 "7:a 10:c",
		"a <<-'E' | b\nc\n\tE\nd":        "7:a 7:b 10:d",
		"a <<< b c":                      "7:a c",
		"a \"b":                          "7:a b",
		"a $(b":                          "7:( 7:b 7:) 7:a $()",
		"curl -w '%{http_code}\\n' $X/y": "7:curl -w %{http_code}\\n $X/y",
	} {
		var got []string
		for _, c := range commands(script, 7) {
			got = append(got, fmt.Sprintf("%d:%s", c.line, strings.Join(c.words, " ")))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q:\n%s, want\n%s", script, strings.Join(got, " "), want)
		}
	}
}

func TestSlugs(t *testing.T) {
	for heading, want := range map[string]string{
		"401: the token, refused!":      "401-the-token-refused",
		"`code_of` and *more*":          "code_of-and-more",
		"token_expired":                 "token_expired",
		"_leaning_ words":               "leaning-words",
		"A [link](https://a.b/c) here":  "a-link-here",
		"A [link][x] and ![image](y)":   "a-link-and-image",
		"`[not](a-link)`":               "nota-link",
		"Two - dashes -- here":          "two---dashes----here",
		"Was *ist* größer? Ω":           "was-ist-größer-ω",
		"<a id=\"x\"></a>Tag &amp; all": "tag--all",
		"ACSAUTH_X=\"y\" (z)":           "acsauth_xy-z",
	} {
		if got := slug(heading, map[string]int{}); got != want {
			t.Errorf("%q: %q, want %q", heading, got, want)
		}
	}
}
