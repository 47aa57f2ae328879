package golang

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

var (
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// browser is one as far as the emulator's pages need it: it keeps cookies and shows nothing.
type browser struct {
	*check
	client http.Client
}

func (c *check) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.Fatal(err)
	}
	b := &browser{check: c, client: *c.world.client}
	b.client.Jar = jar
	return b
}

// page is what the browser shows, or where it is sent.
type page struct {
	at       *url.URL
	status   int
	text     string
	redirect *url.URL
}

func (b *browser) read(req *http.Request, err error) page {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	p := page{at: req.URL, status: resp.StatusCode, text: string(text)}
	if p.status == http.StatusFound {
		if p.redirect, err = resp.Location(); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// open loads a page.
func (b *browser) open(target string) page {
	b.Helper()
	return b.read(http.NewRequestWithContext(b.Context(), http.MethodGet, target, nil))
}

// submit sends the form of a page.
func (b *browser) submit(p page, fields ...string) page {
	b.Helper()
	action := formAction.FindStringSubmatch(p.text)
	if action == nil {
		b.Fatalf("%s: %d, no form", p.at.Path, p.status)
	}
	target, err := p.at.Parse(html.UnescapeString(action[1]))
	if err != nil {
		b.Fatal(err)
	}
	form := make(url.Values)
	for _, field := range hiddenField.FindAllStringSubmatch(p.text, -1) {
		form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", target.Scheme+"://"+target.Host)
	}
	return b.read(req, err)
}

// signIn picks a user on the sign-in page and returns the parameters that the application gets.
func (b *browser) signIn(target, user string) url.Values {
	b.Helper()
	p := b.submit(b.open(target), "user", user)
	if p.redirect == nil {
		b.Fatalf("signing in: %d %.200s", p.status, p.text)
	}
	return p.redirect.Query()
}
