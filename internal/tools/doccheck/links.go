package main

import (
	"net/url"
	"path"
	"regexp"
	"strings"
)

const (
	repository = "https://github.com/acs-solutions/acsauth"
	module     = "github.com/acs-solutions/acsauth"
)

var (
	linkForm   = regexp.MustCompile(`\]\(\s*(?:<([^>\n]*)>|([^()\s]*(?:\([^()\s]*\)[^()\s]*)*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`)
	defForm    = regexp.MustCompile(`(?m)^ {0,3}\[[^\]\n]+\]:\s+<?([^\s>]+)>?`)
	htmlForm   = regexp.MustCompile(`<(?:a|img)\s[^>]*?(?:href|src)="([^"]*)"`)
	bareForm   = regexp.MustCompile(`https?://[^\s<>"')\]]+`)
	ownForm    = regexp.MustCompile(`https?://(?:github\.com/acs-solutions/acsauth|pkg\.go\.dev/github\.com/acs-solutions/acsauth|raw\.githubusercontent\.com/acs-solutions/acsauth)[^\s<>"')\]` + "`" + `|]*`)
	schemeForm = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	capitals   = regexp.MustCompile(`^[A-Z-]+\.`) // NAME.communication.azure.com
	hostForm   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
)

// links checks every link, picture and address of a document.
func (c *checker) links(d *document) {
	for _, form := range []*regexp.Regexp{linkForm, defForm, htmlForm} {
		for _, m := range form.FindAllStringSubmatchIndex(d.prose, -1) {
			group := 2
			if m[2] < 0 {
				group = 4
			}
			c.link(d, lineAt(d.prose, m[0]), d.prose[m[group]:m[group+1]])
		}
	}
	for _, m := range bareForm.FindAllStringIndex(d.prose, -1) {
		c.external(d, lineAt(d.prose, m[0]), strings.TrimRight(d.prose[m[0]:m[1]], ".,;:!?*"))
	}
	for _, m := range ownForm.FindAllStringIndex(d.text, -1) { // in code, too
		c.own(d, lineAt(d.text, m[0]), strings.TrimRight(d.text[m[0]:m[1]], ".,;:!?*\\"))
	}
}

func (c *checker) link(d *document, line int, to string) {
	c.sum.links++
	switch {
	case to == "":
		d.fault(line, "the link is empty; say where it leads")
	case schemeForm.MatchString(to):
		if !strings.HasPrefix(to, "http") && !strings.HasPrefix(to, "mailto:") {
			d.fault(line, "the link %s is neither https nor mailto", to)
		}
	case strings.HasPrefix(to, "/"):
		d.fault(line, "the link %s begins at the root; write it relative to this file", to)
	default:
		c.relative(d, line, to)
	}
}

func (c *checker) relative(d *document, line int, to string) {
	file, anchor, _ := strings.Cut(to, "#")
	file, err := url.PathUnescape(file)
	if err != nil {
		d.fault(line, "the link %s is malformed: %v", to, err)
		return
	}
	target := d.path
	if file != "" {
		target = path.Join(path.Dir(d.path), file)
	}
	if !c.tree.has(target) {
		d.fault(line, "the link %s leads to %s, which git does not track; correct the link, or add the file", to, target)
		return
	}
	c.sum.edge(d.path, target)
	c.anchor(d, line, target, anchor)
}

func (c *checker) anchor(d *document, line int, target, anchor string) {
	if anchor == "" {
		return
	}
	other := c.docs[target]
	switch {
	case other == nil && !strings.HasSuffix(target, ".md"):
		return // lines of source, places in a picture
	case other == nil || !other.anchors[anchor]:
		d.fault(line, "%s has no heading for #%s%s", target, anchor, c.near(other, anchor))
	}
}

func (c *checker) near(d *document, anchor string) string {
	if d == nil {
		return ""
	}
	if n := nearest(anchor, d.anchors, 1+len(anchor)/3); n != "" {
		return "; did you mean #" + n + "?"
	}
	return ""
}

// external looks at the form of a link to another site. It is not fetched.
func (c *checker) external(d *document, line int, to string) {
	c.sum.external++
	u, err := url.Parse(to)
	switch {
	case err != nil:
		d.fault(line, "the address %s is malformed: %v", to, err)
	case u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost":
	case u.Scheme != "https":
		d.fault(line, "write %s with https, or as code if it is no link", to)
	case placeholder(u.Hostname()) || capitals.MatchString(u.Hostname()):
	case !hostForm.MatchString(u.Hostname()) || u.User != nil || u.Port() != "":
		d.fault(line, "the host of %s is malformed; write it as code if it is no link", to)
	}
}
