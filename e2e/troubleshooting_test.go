package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

const troubleshootingPage = "../docs/troubleshooting.md"

// A sight is one thing that the page says people see, and how the test gets to see it.
type sight struct {
	provocation string         // after the word provoked
	members     map[string]any // of the answer; names with a capital letter are header fields
	text        string         // or a message of a program
}

var (
	provokedMark = regexp.MustCompile(`^<!-- provoked: ([a-z0-9 ,-]+) -->$`)
	codeWord     = regexp.MustCompile("`([a-z]+(?:_[a-z]+)+)`")
)

// sights reads the page: each mark names the provocations of the lines in the block that follows.
func sights(t *testing.T) (list []sight) {
	t.Helper()
	text, err := os.ReadFile(troubleshootingPage)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		mark := provokedMark.FindStringSubmatch(line)
		switch {
		case mark != nil:
			names = strings.Split(mark[1], ", ")
		case strings.HasPrefix(line, "```"):
			inside = !inside
			if !inside && len(names) > 0 {
				t.Errorf("no line for the provocations %v", names)
			}
		case inside && len(names) > 0:
			s := sight{provocation: names[0], text: line}
			names = names[1:]
			if json.Unmarshal([]byte(line), &s.members) == nil {
				s.text = ""
			}
			list = append(list, s)
		}
	}
	return list
}

// fits reports whether a text is as the page shows it, in which ... stands for anything.
func fits(shown, got string) bool {
	form := strings.ReplaceAll(regexp.QuoteMeta(shown), `\.\.\.`, ".*")
	return regexp.MustCompile("^(?s:" + form + ")$").MatchString(got)
}

// check compares an answer with what the page shows.
func (s sight) check(t *testing.T, got answered) {
	t.Helper()
	if s.text != "" {
		if !fits("..."+s.text+"...", got.text) {
			t.Errorf("the page shows\n%s\nand the program said\n%s", s.text, got.text)
		}
		return
	}
	for name, want := range s.members {
		have := got.members[name]
		if name[0] < 'a' {
			have = got.header.Get(name)
		}
		if !fits(fmt.Sprint(want), fmt.Sprint(have)) {
			t.Errorf("%s: the page shows %v, the answer is %v\nall of it: %v %v", name, want, have, got.members, got.header)
		}
	}
}

// An answered is what came of a provocation: an answer, or a text.
type answered struct {
	members map[string]any
	header  http.Header
	text    string
}

// A scene is an emulator of its own, and a service with some settings.
type scene struct {
	*testing.T
	emu    *emulator.Emulator
	env    map[string]string
	server *process
}

// newScene has good settings and no service yet.
func newScene(t *testing.T) *scene {
	w := newWorld(t, sqlitePlace, 0)
	w.env["ACSAUTH_TEAMS_CLIENTS"] = emulator.SPAClientID
	return &scene{T: t, emu: w.emu, env: w.env}
}

// with starts the service with these settings, in pairs, instead of the one of before.
func (s *scene) with(pairs ...string) *scene {
	s.Helper()
	if s.server != nil {
		s.server.kill()
	}
	maps.Copy(s.env, changed(nil, pairs...))
	s.server = start(s.T, s.env, "serve", "--json")
	return s
}

// token mints one.
func (s *scene) token(r emulator.TokenRequest) string {
	s.Helper()
	token, err := s.emu.MintToken(r)
	if err != nil {
		s.Fatal(err)
	}
	return token
}

// alice is a good token.
func (s *scene) alice() string { return s.token(emulator.TokenRequest{}) }

// ask sends a request with a bearer token, if it is not empty, and header fields in pairs.
func (s *scene) ask(target, token string, header ...string) answered {
	s.Helper()
	if s.server == nil {
		s.with()
	}
	method, path, _ := strings.Cut(target, " ")
	body, contentType := "", ""
	if path, body, _ = strings.Cut(path, " "); body != "" {
		contentType = "application/json"
		if body[0] != '{' {
			contentType = "application/x-www-form-urlencoded"
		}
	}
	req, err := http.NewRequest(method, s.server.Server+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if contentType != "" {
		header = append(header, "Content-Type", contentType)
	}
	if token != "" {
		header = append(header, "Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		s.Fatalf("%s: %v\n%s", target, err, s.server.log)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	a := answered{members: map[string]any{}, header: res.Header}
	if len(b) > 0 && json.Unmarshal(b, &a.members) != nil {
		s.Fatalf("%s: not JSON: %s", target, b)
	}
	a.members["status"] = res.StatusCode
	return a
}

// well asks and wants a success, so that what follows is about the one thing that is wrong.
func (s *scene) well(target, token string) answered {
	s.Helper()
	a := s.ask(target, token)
	if status := a.members["status"].(int); status/100 != 2 {
		s.Fatalf("%s: %v", target, a.members)
	}
	return a
}

// Everything that the page shows comes from the real service, provoked as its mark says.
func TestTroubleshootingPage(t *testing.T) {
	known, seen := provocations(), map[string]bool{}
	for _, s := range sights(t) {
		provoke := known[s.provocation]
		if provoke == nil {
			t.Errorf("there is no provocation %q", s.provocation)
			continue
		}
		seen[s.provocation] = true
		t.Run(s.provocation, func(t *testing.T) {
			t.Parallel()
			s.check(t, provoke(newScene(t)))
		})
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("the page shows nothing for %q", name)
		}
	}
	t.Logf("%d things that people see, each provoked", len(seen))
}

// Every code of docs/errors.md that means a wrong token, a missing right, a limit or an upstream is on the page, and the page names no other.
func TestTroubleshootingNamesEveryCode(t *testing.T) {
	all := codesByStatus(t)
	text, err := os.ReadFile(troubleshootingPage)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range codeWord.FindAllStringSubmatch(string(text), -1) {
		named[m[1]] = true
	}
	for _, s := range sights(t) {
		if code, ok := s.members["code"].(string); ok {
			named[code] = true
			if _, exists := all[code]; !exists {
				t.Errorf("the page shows %q, which is no code", code)
			}
		}
	}
	for code, status := range all {
		if slices.Contains([]string{"401", "403", "429", "502", "503", "504"}, status) && !named[code] {
			t.Errorf("%s %s is not on the page", status, code)
		}
	}
	t.Logf("%d codes in docs/errors.md, %d names on the page", len(all), len(named))
}

// codesByStatus reads docs/errors.md.
func codesByStatus(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^## ([a-z_]+)\n\nStatus (\d+)\.`).FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = m[2]
	}
	if len(all) < 80 {
		t.Fatalf("only %d codes in docs/errors.md", len(all))
	}
	return all
}
