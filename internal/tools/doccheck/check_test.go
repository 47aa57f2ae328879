package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// good is a small repository without a fault. Each sample below breaks one thing in it.
var good = map[string]string{
	"README.md": "# One\n\n## Two words, `code` & [a link](docs/a.md)\n\n## Same\n\n## Same\n\n[a](docs/a.md#deep) [s](#same-1) " +
		"[t](#two-words-code--a-link) [src](cmd/acsauth/main.go#L3) [dir](docs) ![p](docs/p.svg)\n<https://example.org/a_(b)> " +
		"https://github.com/acs-solutions/acsauth/issues https://pkg.go.dev/github.com/acs-solutions/acsauth/internal/one `token_expired`\n",
	"docs/README.md": "# All\n\n[a](a.md)\n",
	"docs/a.md": "# A\n\n### Deep\n\n[back](../README.md#one) `ACSAUTH_STORE` `ACSAUTH_LIMIT_*` `ACSAUTH_STORE_SECRET_FILE` " +
		"`acsauth_things_total` `acsauth_http_seconds_bucket` `acsauth check --ping` `go test ./internal/one` `make all`\n" +
		"`cmd/acsauth/main.go` `internal/one.TestThing` https://NAME.communication.azure.com/x\n\n" +
		"```sh\nacsauth audit verify a.jsonl --key-file k > out # --nonsense\nTOKEN=$(go run ./cmd/acsauth-dev token --user alice) acsauth serve \\\n  --config x &\n" +
		"go test ./... -run 'Thing|Other' -count=1 -full\nbash scripts/a.sh && make all\n(cd web && npm run build)\nnpm test --prefix web\n" +
		"cat <<EOF | tee x\nacsauth nonsense\nEOF\ngo run ./internal/one -fast\n```\n\n```console\n$ acsauth --version\nacsauth nonsense\n```\n",
	"docs/errors.md":             "# Errors\n\n[r](README.md)\n\n## token_expired\n\n## internal\n\n```json\n{\"code\": \"token_expired\"}\n```\n",
	"docs/metrics.md":            "# Metrics\n\n| `acsauth_things_total` | counter | things |\n| `acsauth_http_seconds` | histogram | time |\n",
	"docs/p.svg":                 "<svg/>",
	"deploy/values.yaml":         "env: ACSAUTH_TENANT_IDS\n",
	"Makefile":                   "all: ; true\n",
	"scripts/a.sh":               "true\n",
	"web/package.json":           `{"scripts":{"build":"x","test":"y"}}`,
	"cmd/acsauth/main.go":        "package main // ACSAUTH_STORE\nconst x = \"ACSAUTH_IN_CODE\"\n",
	"cmd/acsauth-dev/main.go":    "package main\n",
	"internal/one/one.go":        "package one\nvar f = flag.Bool(\"fast\", false, \"\")\n",
	"internal/one/one_test.go":   "package one\nfunc TestThing(t *testing.T) {}\nfunc FuzzOther(f *testing.F) {}\nvar full = flag.Bool(\"full\", false, \"\")\n",
	"internal/one/testdata/b.md": "[broken](nowhere.md)\n",
}

func sound(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, text := range good {
		files[name] = text
	}
	files["docs/README.md"] += "[e](errors.md) [m](metrics.md)\n"
	return files
}

// look checks a repository that is written for it.
func look(t *testing.T, p *programs, files map[string]string) []string {
	t.Helper()
	root := t.TempDir()
	var names []string
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	faults, _, err := check(newTree(root, names), p)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range faults {
		if f.file != exceptionFile { // a small repository does not need them all
			out = append(out, f.String())
		}
	}
	return out
}

// samples break one thing each: what is added to a file, and the fault that names it.
var samples = []struct{ name, file, add, want string }{
	{"a link to nothing", "docs/a.md", "[x](nowhere.md)", "the link nowhere.md leads to docs/nowhere.md, which git does not track"},
	{"a link out of the repository", "docs/a.md", "[x](../../etc/passwd)", "leads to ../etc/passwd"},
	{"a link from the root", "docs/a.md", "[x](/docs/a.md)", "begins at the root"},
	{"a link of another case", "docs/a.md", "[x](../readme.md)", "readme.md"},
	{"a link over two lines", "docs/a.md", "[x\ny](no.md)", "docs/no.md"},
	{"a link by reference", "docs/a.md", "[x]: no.md", "docs/no.md"},
	{"a link in HTML", "docs/a.md", "<a href=\"no.md\">x</a>", "docs/no.md"},
	{"an empty link", "docs/a.md", "[x]()", "the link is empty"},
	{"a picture", "docs/a.md", "![x](q.svg)", "docs/q.svg"},
	{"a picture in HTML", "docs/a.md", "<img alt=\"x\" src=\"q.svg\">", "docs/q.svg"},
	{"an anchor", "docs/a.md", "[x](#dep)", "no heading for #dep; did you mean #deep?"},
	{"an anchor of another file", "docs/a.md", "[x](../README.md#same-2)", "no heading for #same-2"},
	{"an anchor as it is written", "docs/a.md", "[x](#Deep)", "no heading for #Deep"},
	{"a reference to nothing", "docs/a.md", "[x][y]", "nothing defines [y]"},
	{"a reference by its text", "docs/a.md", "[x][]", "nothing defines [x]"},
	{"a blank in a link", "docs/a.md", "[x](two words.md)", "no link for its form"},
	{"http", "docs/a.md", "[x](http://example.org)", "write http://example.org with https"},
	{"a host without a dot", "docs/a.md", "[x](https://example)", "the host of https://example is malformed"},
	{"a user in an address", "docs/a.md", "https://me@example.org/", "malformed"},
	{"another scheme", "docs/a.md", "[x](javascript:alert)", "neither https nor mailto"},
	{"an own file by its address", "docs/a.md", "`https://github.com/acs-solutions/acsauth/blob/main/docs/b.md`", "names docs/b.md"},
	{"an own anchor by its address", "docs/a.md", "https://github.com/acs-solutions/acsauth/blob/main/docs/errors.md#token_expird", "did you mean #token_expired?"},
	{"an own branch", "docs/a.md", "https://github.com/acs-solutions/acsauth/blob/dev/README.md", "names the branch dev"},
	{"no own page", "docs/a.md", "https://github.com/acs-solutions/acsauth/wikki", "is no page of the repository"},
	{"no own package", "docs/a.md", "https://pkg.go.dev/github.com/acs-solutions/acsauth/two", "there is no package two"},
	{"a block without a language", "docs/a.md", "```\nx\n```", "the fenced block has no language"},
	{"a block without an end", "docs/a.md", "```sh\nx", "has no end"},
	{"a heading that is underlined", "docs/a.md", "Title\n=====", "write the heading above as # Title"},
	{"a second title", "docs/a.md", "# B", "second heading of level 1"},
	{"no end of line", "docs/a.md", "x\n", "with one line break"},
	{"a tab", "docs/a.md", "a\tb", "a tab outside code"},
	{"blanks at the end", "docs/a.md", "```text\na \n```", "blanks at the end"},
	{"a home", "docs/a.md", "```text\ncd /home/alice/x\n```", "/home/alice/x is a path of somebody's machine"},
	{"a home in the text", "docs/a.md", "`/root/x`", "/root/x is a path"},
	{"what bash does not take", "docs/a.md", "```sh\ntrue\naz --id <ID>\n```", "bash -n: syntax error"},
	{"an if without an end", "docs/a.md", "```bash\nif true\n```", "bash -n: "},
	{"a session without a command", "docs/a.md", "```console\n```", "the block has no command"},
	{"a flag", "docs/a.md", "```sh\nacsauth check --pong\n```", "unknown flag --pong"},
	{"a sub-command", "docs/a.md", "```sh\nacsauth check &&\n  acsauth chek\n```", "unexpected argument chek"},
	{"a sub-command of a sub-command", "docs/a.md", "```sh\nacsauth audit verfy x\n```", "unexpected argument verfy"},
	{"a flag of another program", "docs/a.md", "```console\n$ acsauth-dev token --ping\n```", "unknown flag --ping"},
	{"a command in a command", "docs/a.md", "```bash\nX=\"$(go run ./cmd/acsauth-dev tokn)\"\n```", "unexpected argument tokn"},
	{"a command after a pipe", "docs/a.md", "```sh\ncat x | acsauth explain --onlin\n```", "unknown flag --onlin"},
	{"a value that is no number", "docs/a.md", "```sh\nacsauth-dev torture --users many\n```", "--users"},
	{"a command in the text", "docs/a.md", "Run `acsauth serv` now.", "unexpected argument serv"},
	{"a command that is set off by spaces", "docs/a.md", "\n    acsauth serv x", "unexpected argument serv"},
	{"a package to run", "docs/a.md", "```sh\ngo run ./cmd/acsaut\n```", "there is no package ./cmd/acsaut"},
	{"a flag of a package to run", "docs/a.md", "```sh\ngo run ./internal/one -slow\n```", "no flag -slow is defined in internal/one"},
	{"a package to test", "docs/a.md", "```sh\ngo test ./internal/two\n```", "there is no package ./internal/two"},
	{"a test", "docs/a.md", "```sh\ngo test ./internal/one -run 'Thing|Thong'\n```", "-run Thong: no test in internal/one"},
	{"a flag of tests", "docs/a.md", "`go test ./internal/one -ful`", "neither the tool nor the tests know a flag -ful"},
	{"a script", "docs/a.md", "```sh\nbash scripts/b.sh\n```", "there is no file scripts/b.sh to run"},
	{"a script by its path", "docs/a.md", "```sh\nscripts/b.sh -x\n```", "scripts/b.sh is not in the repository"},
	{"a file that is given to another program", "docs/a.md", "```sh\ndocker build -f deploy/Dockerfile .\n```", "deploy/Dockerfile is not in the repository"},
	{"a script for Node in the text", "docs/a.md", "`node --test web/b.js`", "there is no file web/b.js"},
	{"a script of npm in the text", "docs/a.md", "`cd web && npm run biuld`", "package.json has no script \"biuld\""},
	{"a target", "docs/a.md", "```sh\nmake none\n```", "the Makefile has no such target"},
	{"a script of npm", "docs/a.md", "```sh\ncd web && npm run biuld\n```", "package.json has no script \"biuld\""},
	{"a folder of npm", "docs/a.md", "```sh\nnpm ci --prefix wep\n```", "wep has no package.json"},
	{"a folder", "docs/a.md", "```sh\ncd wep\n```", "cd wep: there is no such folder"},
	{"a path in the text", "docs/a.md", "See `internal/one/two.go`.", "internal/one/two.go is not in the repository"},
	{"a page in the text", "docs/a.md", "(see docs/b.md)", "docs/b.md is not in the repository"},
	{"an anchor of a page in the text", "docs/a.md", "```text\n...docs/errors.md#token\n```", "docs/errors.md has no heading for #token"},
	{"a setting", "docs/a.md", "`ACSAUTH_TENANNT_IDS`", "did you mean ACSAUTH_TENANT_IDS?"},
	{"settings that begin alike", "docs/a.md", "`ACSAUTH_LIMITS_*`", "ACSAUTH_LIMITS_ is no setting"},
	{"a file of what is no secret", "docs/a.md", "`ACSAUTH_STORE_FILE`", "ACSAUTH_STORE_FILE is no setting"},
	{"a setting in deploy", "deploy/values.yaml", "x: ACSAUTH_STOR", "deploy/values.yaml:2: ACSAUTH_STOR is no setting"},
	{"a setting in a comment", "internal/one/one.go", "\n// ACSAUTH_STOR is gone.", "internal/one/one.go:4: ACSAUTH_STOR is no setting"},
	{"a metric", "docs/a.md", "`acsauth_thing_total`", "did you mean acsauth_things_total?"},
	{"a bucket of a counter", "docs/a.md", "`acsauth_things_total_bucket`", "acsauth_things_total_bucket is no metric"},
	{"a setting in an example", "examples/a.yml", "x: ACSAUTH_STOR", "examples/a.yml:1: ACSAUTH_STOR is no setting"},
	{"a code that is nearly one", "docs/a.md", "`tokn_expired`", "tokn_expired is no code"},
	{"a code that begins like one", "docs/a.md", "`token_forgotten`", "token_forgotten is no code"},
	{"a code in an answer", "docs/a.md", "```json\n{\"code\":\"some_thing\"}\n```", "some_thing is no code"},
	{"a document that nothing leads to", "docs/lost.md", "# Lost", "docs/lost.md:1: no link leads here"},
}

func TestSamples(t *testing.T) {
	p, err := buildPrograms("../../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.remove)
	if got := look(t, p, sound(t)); len(got) > 0 {
		t.Fatalf("the good repository has faults:\n%s", strings.Join(got, "\n"))
	}
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			files := sound(t)
			before := strings.Count(files[s.file], "\n")
			files[s.file] += s.add + "\n"
			got := look(t, p, files)
			if len(got) != 1 || !strings.Contains(got[0], s.want) || !strings.HasPrefix(got[0], s.file+":") {
				t.Fatalf("want one fault %q, got %q", s.want, got)
			}
			if strings.HasPrefix(got[0], s.file+":1:") && before > 0 {
				t.Errorf("the line is wrong: %s", got[0])
			}
		})
	}
}

// These faults come from what is not there.
func TestWhatIsMissing(t *testing.T) {
	p, err := buildPrograms("../../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.remove)
	for _, c := range []struct {
		change func(map[string]string)
		want   string
	}{
		{func(f map[string]string) {
			f["docs/p.md"], f["docs/README.md"] = "## P\n", f["docs/README.md"]+"[p](p.md)\n"
		}, "docs/p.md:1: there is no heading of level 1"},
		{func(f map[string]string) { f["docs/p.md"], f["docs/a.md"] = "# P\n", f["docs/a.md"]+"[p](p.md)\n" }, "docs/p.md:1: the index does not list this page"},
		{func(f map[string]string) { f["README.md"] += "end" }, "README.md:11: end the document with one line break"},
	} {
		files := sound(t)
		c.change(files)
		if got := look(t, p, files); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("want one fault %q, got %q", c.want, got)
		}
	}
}

func TestExceptions(t *testing.T) {
	if _, err := readExceptions("# x\n\nword\n"); err == nil || !strings.Contains(err.Error(), ":3: word has no reason") {
		t.Errorf("%v", err)
	}
	n := &names{exceptions: map[string]exception{"a": {1, "x"}, "b": {2, "y"}}, used: map[string]bool{}}
	if !n.excepted("a") || n.excepted("c") || len(n.unused()) != 1 || n.unused()[0].line != 2 {
		t.Errorf("%v", n.unused())
	}
}

// Without docs/metrics.md the names are those of the source.
func TestMetricsOfTheSource(t *testing.T) {
	root, err := openTree("../../..")
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{tree: root}
	got, err := c.sourceMetrics()
	for _, want := range []string{"acsauth_store_up", "acsauth_http_requests_total", "acsauth_quota_left", "acsauth_build_info"} {
		if err != nil || !got[want] {
			t.Errorf("%s is missing: %v %v", want, got, err)
		}
	}
}
