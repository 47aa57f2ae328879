package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	assignment = regexp.MustCompile(`^  ([A-Z]+)=\$\((.*) token (.*)\)$`)
	quoted     = regexp.MustCompile(`"([^"]*)"|(\S+)`)
)

// The guide works as it is printed: this test reads it and does what its lines say.
func TestGuideWorksAsPrinted(t *testing.T) {
	r := boot(t, nil, "--listen", "127.0.0.1:0")
	text := readGuide(t, r)
	vars := map[string]string{}
	calls := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := assignment.FindStringSubmatch(line); m != nil {
			vars[m[1]] = token(t, strings.Fields(m[3])...)
		}
		if !strings.HasPrefix(line, "  curl ") {
			continue
		}
		calls++
		method, url, headers := readCurl(line, vars)
		if got := call(t, method, url, headers...); got.status >= 300 {
			t.Errorf("%s\n%d %s", line, got.status, got.body)
		}
	}
	if calls != 7 || len(vars) != 2 {
		t.Errorf("%d calls and %d tokens in the guide:\n%s", calls, len(vars), text)
	}
}

// readGuide reads up to the last line that is printed.
func readGuide(t *testing.T, r *running) string {
	t.Helper()
	var b strings.Builder
	for !strings.Contains(b.String(), "/identities\n\n") {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after:\n%s\n%s", err, &b, r.log)
		}
		b.WriteString(line)
	}
	return b.String()
}

// readCurl takes a curl call of the guide apart.
func readCurl(line string, vars map[string]string) (method, url string, headers []string) {
	method = "GET"
	var words []string
	for _, m := range quoted.FindAllStringSubmatch(line, -1) {
		words = append(words, os.Expand(m[1]+m[2], func(name string) string { return vars[name] }))
	}
	for i, w := range words {
		switch {
		case w == "-X":
			method = words[i+1]
		case w == "-H":
			headers = append(headers, words[i+1])
		case strings.HasPrefix(w, "http://"):
			url = w
		}
	}
	return method, url, headers
}

func TestEmulatorGuide(t *testing.T) {
	var b strings.Builder
	if err := printEmulatorGuide(&b, emulatorInfo{info: info{Authority: "http://a", Admin: "http://b", Env: map[string]string{"B": "2", "A": "1 2"}}}); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, "  export A='1 2'\n  export B='2'\n") || !strings.Contains(s, " serve\n") || strings.Contains(s, "{") {
		t.Error(s)
	}
}
