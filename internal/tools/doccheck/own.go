package main

import (
	"regexp"
	"strings"
)

var (
	blobForm = regexp.MustCompile(`^/(?:blob|tree|raw)/([^/]+)/(.+)$`)
	rawForm  = regexp.MustCompile(`^/[^/]+/(.+)$`)
	// pageForm is what GitHub has for a repository besides its files.
	pageForm = regexp.MustCompile(`^(\.git|/(issues|pulls|discussions|releases|security|actions|packages)(/.*)?)?/?$`)
)

// own checks an absolute link to this repository: what it names has to be there.
func (c *checker) own(d *document, line int, to string) {
	if !strings.HasPrefix(to, "https:") {
		d.fault(line, "write %s with https", to)
		return
	}
	place, anchor, _ := strings.Cut(to, "#")
	place, _, _ = strings.Cut(place, "?")
	if rest, ok := strings.CutPrefix(place, repository); ok {
		m := blobForm.FindStringSubmatch(rest)
		switch {
		case m != nil && m[1] != "main":
			d.fault(line, "%s names the branch %s; the one that stays is main", to, m[1])
		case m != nil:
			c.ownFile(d, line, m[2], anchor)
		case !pageForm.MatchString(rest) && !strings.HasPrefix(rest, "/commit/"):
			d.fault(line, "%s is no page of the repository; a file is at %s/blob/main/PATH", to, repository)
		}
		return
	}
	if rest, ok := strings.CutPrefix(place, "https://raw.githubusercontent.com/acs-solutions/acsauth"); ok {
		if m := rawForm.FindStringSubmatch(rest); m != nil {
			c.ownFile(d, line, m[1], "")
		}
		return
	}
	folder := strings.Trim(strings.TrimPrefix(place, "https://pkg.go.dev/"+module), "/")
	if len(c.tree.in("./"+folder, ".go")) == 0 {
		d.fault(line, "%s: there is no package %s", to, folder)
	}
}

// pageName is a document of docs that is named without a link, from the root or as the end of an address.
var pageName = regexp.MustCompile("(?m)(?:\\.\\.\\.|^\\(?|[^\\w/.(`-]|[^\\]]\\()(docs/[\\w/-]+\\.md)(?:#([\\w-]+))?")

// named checks the documents that a text names without a link.
func (c *checker) named(d *document) {
	for _, m := range pageName.FindAllStringSubmatchIndex(d.text, -1) {
		anchor := ""
		if m[4] >= 0 {
			anchor = d.text[m[4]:m[5]]
		}
		switch line, name := lineAt(d.text, m[2]), d.text[m[2]:m[3]]; {
		case !c.tree.has(name) && !made(name):
			d.fault(line, "%s is not in the repository; name what is there", name)
		case !placeholder(anchor):
			c.anchor(d, line, name, anchor)
		}
	}
}

func (c *checker) ownFile(d *document, line int, target, anchor string) {
	if !c.tree.has(target) {
		d.fault(line, "the link to this repository names %s, which git does not track", target)
		return
	}
	if !placeholder(anchor) {
		c.anchor(d, line, target, anchor)
	}
}

// placeholder says whether a word stands for others, as CODE and <code> do.
func placeholder(s string) bool {
	return strings.ContainsAny(s, "<>{}$*…") || strings.Contains(s, "...") || s != "" && strings.ToUpper(s) == s && strings.ToLower(s) != s
}
