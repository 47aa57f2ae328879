package moving

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// exported is the text of a file of n rows.
func exported(t *testing.T, n int) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := Export(t.Context(), Options{Source: sample(n)}, &b, "test"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// opened checks a file with the given text.
func opened(t *testing.T, text string) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mappings.jsonl")
	writeFile(t, path, text)
	f, err := OpenFile(t.Context(), path)
	if err == nil {
		t.Cleanup(func() { _ = f.Close() })
	}
	return f, err
}

func TestExportAndImport(t *testing.T) {
	const n = 1230
	path := filepath.Join(t.TempDir(), "mappings.jsonl")
	moves, deleting, pending := numbers(n)
	tally, err := ExportFile(t.Context(), Options{Source: sample(n), Pair: "p"}, path, "test")
	if want := (Tally{Added: moves, Deleting: deleting, Pending: pending, Lines: 3}); err != nil || tally != want {
		t.Fatalf("%+v, want %+v, %v", tally, want, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := ExportFile(t.Context(), Options{Source: sample(n), Pair: "p"}, path, "test"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file was overwritten: %v", err)
	}
	f, err := OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	store := storetest.NewMemory()
	o := withCheckpoint(t, options(f, store))
	tally, err = Copy(t.Context(), o)
	if want := (Tally{Added: moves, Deleting: deleting, Lines: 3}); err != nil || tally != want {
		t.Errorf("%+v, want %+v, %v", tally, want, err)
	}
	checkEqual(t, n, store)
	for i := range 9 { // all of the row came over
		want := mixed(i)
		if got, err := store.Get(t.Context(), want.Key); Moves(want.State) && (err != nil || !got.Fenced(want) || got.Resource != want.Resource || got.Generation != want.Generation) {
			t.Errorf("%+v, want %+v, %v", got, want, err)
		}
	}
}

// An export that is cut short at each page goes on, and the file is the same as in one go.
func TestExportGoesOn(t *testing.T) {
	const n = 60
	path := filepath.Join(t.TempDir(), "mappings.jsonl")
	broken := errors.New("no route")
	for page := 1; ; page++ {
		s := sample(n)
		s.fails = func(at int) error {
			if at == page*shortPage {
				return broken
			}
			return nil
		}
		o := Options{Source: s, Pair: "p", Target: Target{Tries: 1}}
		tally, err := ExportFile(t.Context(), o, path, "test")
		if page*shortPage >= n {
			if err != nil || !tally.Resumed {
				t.Fatalf("%+v %v", tally, err)
			}
			break
		}
		if !errors.Is(err, broken) {
			t.Fatalf("page %d: %v", page, err)
		}
		partial, err := os.OpenFile(path+".partial", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = partial.WriteString(`{"issuer":"cut of`) // what the checkpoint does not vouch for
		if err := errors.Join(err, partial.Close()); err != nil {
			t.Fatal(err)
		}
	}
	_, got, _ := strings.Cut(readFile(t, path), "\n")
	_, want, _ := strings.Cut(exported(t, n), "\n")
	cutFooter := func(s string) string { return s[:strings.Index(s, `{"end":`)] }
	if cutFooter(got) != cutFooter(want) {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	f, err := OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	o := Options{Source: sample(n), Pair: "p", Target: Target{Tries: 1}}
	s := sample(n)
	s.fails = func(at int) error { return map[bool]error{true: broken}[at > 20] }
	o.Source = s
	_, _ = ExportFile(t.Context(), o, path, "test")
	writeFile(t, path+".partial", "short")
	if _, err := ExportFile(t.Context(), o, path, "test"); !contains(err, "is shorter than its checkpoint says") {
		t.Errorf("got %v", err)
	}
}

type inMemory struct{ io.ReaderAt }

func (inMemory) Close() error { return nil }

// Whatever byte is missing or different, the file is not used.
func TestDamagedFile(t *testing.T) {
	text := exported(t, 5)
	taken := func(text string) bool {
		f := &File{f: inMemory{strings.NewReader(text)}}
		return f.check(t.Context()) == nil
	}
	if !taken(text) {
		t.Fatal("a sound file is refused")
	}
	for n := range len(text) {
		if taken(text[:n]) {
			t.Fatalf("the first %d of %d bytes are taken for a file", n, len(text))
		}
		for _, flip := range []byte{1, 0x20} {
			damaged := []byte(text)
			damaged[n] ^= flip
			if taken(string(damaged)) {
				t.Fatalf("byte %d of %d is changed and nobody sees it", n, len(text))
			}
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	text := exported(t, 10)
	lines := slices.Collect(strings.Lines(text))
	mapping, last := lines[1], lines[len(lines)-1]
	join := func(l ...string) string { return strings.Join(l, "") }
	for name, test := range map[string]struct{ text, want string }{
		"empty":         {"", "it is empty"},
		"something":     {"name,identity\n", "line 1: this is not a file of acsauth mappings export"},
		"later version": {strings.Replace(text, `"version":1`, `"version":2,"new":true`, 1), "line 1: the file has version 2 and this program knows version 1"},
		"no footer":     {strings.TrimSuffix(text, last), "without its last line: it is truncated"},
		"half a line":   {text[:len(text)/2], "truncated"},
		"twice a line":  {strings.Replace(text, mapping, mapping+mapping, 1), "the file should hold 9 mappings and 3 journal lines, and holds 10 and 3"},
		"no line":       {strings.Replace(text, mapping, "", 1), "and holds 8 and 3"},
		"swapped":       {join(lines[0], lines[2], lines[1], join(lines[3:]...)), "changed or damaged"},
		"too much":      {text + mapping, "there is more behind the last line"},
		"two footers":   {text + "\n" + last, "there is more behind the last line"},
		"oversized":     {strings.Replace(text, mapping, strings.Replace(mapping, "https://", "https://"+strings.Repeat("x", maxRecord), 1), 1), "line 2: it is longer than 64 KiB"},
		"long subject":  {strings.Replace(text, `"subject":"`, `"subject":"`+strings.Repeat("x", 5000), 1), "line 2: subject is not 1 to 4096 bytes"},
		"unknown field": {strings.Replace(text, `"issuer"`, `"issued"`, 1), "line 2: it is not understood"},
		"two on a line": {strings.Replace(text, mapping, strings.TrimSuffix(mapping, "\n")+mapping, 1), "line 2: there is more behind it"},
		"no identity":   {strings.Replace(text, `"identity":"8:acs`, `"identity":"8:orgid`, 1), "identity has not the form"},
		"pending":       {strings.Replace(text, `"state":"active"`, `"state":"pending"`, 1), "state is neither active nor deleting"},
		"no generation": {strings.Replace(text, `"generation":1`, `"generation":0`, 1), "generation is not 1 or more"},
		"no attempt":    {strings.Replace(text, `"attempt":"attempt-0"`, `"attempt":""`, 1), "attempt is not 1 to 64 bytes"},
		"odd kind":      {strings.Replace(text, `"line":"suspect"`, `"line":"lost"`, 1), "line is neither suspect, orphan nor left"},
		"mixed up":      {join(lines[0], lines[len(lines)-2], join(lines[1:]...)), "a mapping stands behind the journal"},
	} {
		_, err := opened(t, test.text)
		if !contains(err, test.want) || strings.Contains(err.Error(), "user <") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := OpenFile(t.Context(), t.TempDir()); !contains(err, "not a regular file") {
		t.Errorf("folder: %v", err)
	}
}

// A line that stands twice in a sound file does no harm; two identities of one user are a conflict.
func TestDuplicateLines(t *testing.T) {
	s := sample(5)
	s.row = func(i int) acsauth.Mapping {
		m := mixed(0)
		if i == 4 {
			m.Identity = "8:acs:resource_other"
		}
		return m
	}
	var b bytes.Buffer
	if _, err := Export(t.Context(), Options{Source: s}, &b, "test"); err != nil {
		t.Fatal(err)
	}
	f, err := opened(t, b.String())
	if err != nil {
		t.Fatal(err)
	}
	o := options(f, storetest.NewMemory())
	o.Concurrency = 1
	tally, err := Copy(t.Context(), o)
	if want := (Tally{Added: 1, Present: 3, Conflicts: 1, Lines: 3}); err != nil || tally != want {
		t.Errorf("%+v, want %+v, %v", tally, want, err)
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	s := sample(1)
	s.row = func(i int) acsauth.Mapping {
		m := mixed(i)
		m.Key.Subject = "a\xffb"
		return m
	}
	if _, err := Export(t.Context(), Options{Source: s}, &bytes.Buffer{}, "test"); !contains(err, "not UTF-8") || strings.Contains(err.Error(), "\xff") {
		t.Errorf("got %v", err)
	}
}

func TestForeignCursor(t *testing.T) {
	f, err := opened(t, exported(t, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, cursor := range []string{"x", "1", "999999", "-5"} {
		if _, _, err := f.List(t.Context(), cursor, 10); err == nil {
			t.Errorf("cursor %q is taken", cursor)
		}
	}
}
