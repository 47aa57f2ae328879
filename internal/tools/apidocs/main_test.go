package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

const root = "../../../"

func generated(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := run(root+"api/openapi.yaml", root+"docs/errors.md", &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageIsCurrent(t *testing.T) {
	got, err := os.ReadFile(root + "api/reference.html")
	if err != nil || string(got) != generated(t) {
		t.Fatalf("api/reference.html is not made from openapi.yaml and errors.md as they are (%v); run: go generate ./api", err)
	}
}

// TestLinks: every link within the page leads somewhere, and nothing on it runs.
func TestLinks(t *testing.T) {
	html := generated(t)
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	links := regexp.MustCompile(` href="#([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(links) < 300 {
		t.Errorf("only %d links", len(links))
	}
	for _, m := range links {
		if !ids[m[1]] {
			t.Errorf("the link #%s leads nowhere", m[1])
		}
	}
	for _, bad := range []string{"<script", "javascript:", " style=", " onclick="} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	if got := string(code("a <b> `<c>` & d")); got != "a &lt;b&gt; <code>&lt;c&gt;</code> &amp; d" {
		t.Error(got)
	}
}

func TestErrorsWithoutAdviceAreRefused(t *testing.T) {
	if _, err := problemsOf("# x\n\n## a_code\n\nStatus 400. It happened.\n"); err == nil {
		t.Error("no error")
	}
}
