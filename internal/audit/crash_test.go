package audit

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func child(t *testing.T, kind, path string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+kind, pathEnv+"="+path)
	c.Stderr = os.Stderr
	return c
}

// A process is killed again and again while four goroutines write. No line that
// was reported as durable is missing, and the chain holds.
func TestKillNine(t *testing.T) {
	const kills = 20
	path := logPath(t)
	var durable []string
	for n := range kills {
		c := child(t, "write", path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; i < 10+7*n && lines.Scan(); i++ {
			durable = append(durable, lines.Text())
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died counts, too, if it is whole
			durable = append(durable, lines.Text())
		}
		_ = c.Wait() // killed
		if last := len(durable) - 1; strings.Count(durable[last], "-") != 2 {
			durable = durable[:last]
		}
		sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, path))
		if sum.Starts != n+1 {
			t.Fatalf("%d starts after %d runs", sum.Starts, n+1)
		}
	}
	closeLog(t, open(t, Options{Path: path, Keys: testKeys()}))
	text := read(t, path)
	sum := good(t, VerifyOptions{Keys: testKeys()}, text)
	if sum.Unclean != kills || sum.TornTail {
		t.Errorf("%+v", sum)
	}
	for _, id := range durable {
		if !bytes.Contains(text, []byte(`"request":"`+id)) {
			t.Errorf("%s was durable and is gone", id)
		}
	}
	t.Logf("%d kills, %d lines, %d reported durable, %d torn", kills, sum.Lines, len(durable), sum.Torn)
}

// A crash may cut the last lines at any byte. The next process goes on.
func TestTornAtEveryByte(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys(), NoSync: true})
	record(t, l, "a", "b")
	closeLog(t, l)
	text := read(t, path)
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	from := bytes.LastIndexByte(text[:last-1], '\n') + 1
	for end := from; end <= len(text); end++ {
		if err := os.WriteFile(path, text[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		before := good(t, VerifyOptions{Keys: testKeys()}, text[:end])
		wantTorn := end != from && end != last && end != last-1 && end != len(text)-1 && end != len(text)
		if before.TornTail != wantTorn {
			t.Fatalf("cut at %d: torn %v", end, before.TornTail)
		}
		l := open(t, Options{Path: path, Keys: testKeys(), NoSync: true})
		record(t, l, "after")
		closeLog(t, l)
		after := read(t, path)
		if !bytes.HasPrefix(after, text[:end]) {
			t.Fatalf("cut at %d: something was removed", end)
		}
		sum := good(t, VerifyOptions{Keys: testKeys()}, after)
		if (sum.Torn == 1) != wantTorn || sum.TornTail {
			t.Fatalf("cut at %d: %+v", end, sum)
		}
		if !wantTorn {
			continue
		}
		after[from+(end-from)/2] ^= 1 // what is sealed cannot be edited
		if sum := verifyText(t, VerifyOptions{Keys: testKeys()}, after); sum.Bad == nil && end > last {
			t.Fatalf("cut at %d: an edit of a sealed piece is not found", end)
		}
	}
}

// A crash while a torn end is being sealed leaves two pieces; one marker covers both.
func TestTornWhileSealing(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "a")
	closeLog(t, l)
	text := read(t, path)
	text = append(text, []byte(`{"v":1,"kind":"deci`+"\n"+`{"v":1,"kind":"torn","ti`)...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	closeLog(t, open(t, Options{Path: path, Keys: testKeys()}))
	if sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, path)); sum.Torn != 1 {
		t.Errorf("%+v", sum)
	}
}

// A torn first line, or a file of zeros after a power cut.
func TestTornFromTheBeginning(t *testing.T) {
	for _, begin := range []string{`{"v":1,"ki`, "\x00\x00\x00\x00"} {
		path := logPath(t)
		if err := os.WriteFile(path, []byte(begin), 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, Options{Path: path, Keys: testKeys()})
		record(t, l, "a")
		closeLog(t, l)
		if sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, path)); sum.Torn != 1 || sum.Decisions != 1 {
			t.Errorf("%+v", sum)
		}
	}
}

func TestEditedEndIsNotContinued(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "a")
	closeLog(t, l)
	text := bytes.Replace(read(t, path), []byte(`"kind":"stop"`), []byte(`"kind":"stoq"`), 1)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Open(Options{Path: path, Keys: testKeys()}); err == nil {
		_ = l.Close()
		t.Error("went on after an edit")
	}
	if !bytes.Equal(read(t, path), text) {
		t.Error("the evidence was changed")
	}
}

// A system limit stops the writes of a real process in the middle of lines.
func TestFileSizeLimit(t *testing.T) {
	path := logPath(t)
	out, err := child(t, "full", path).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := read(t, path)
	sum := good(t, VerifyOptions{Keys: testKeys()}, text)
	written, refused := 0, 0
	for word := range strings.Lines(string(out)) {
		var n int
		if _, err := fmt.Sscanf(word, "refused %d", &n); err == nil {
			refused += n
			continue
		}
		written++
		if id := strings.TrimSpace(strings.TrimPrefix(word, "written ")); !bytes.Contains(text, []byte(`"request":"`+id+`"`)) {
			t.Errorf("%s is gone", id)
		}
	}
	if refused == 0 || sum.Decisions != written || sum.Torn != 0 {
		t.Errorf("%d refused, %d written, %+v", refused, written, sum)
	}
}
