package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A brokenFile fails as told. What it takes of a failed write is in the file.
type brokenFile struct {
	file
	room     *int // bytes that fit
	sync     *bool
	truncate *bool
}

func (b brokenFile) Write(p []byte) (int, error) {
	if *b.room >= len(p) {
		*b.room -= len(p)
		return b.file.Write(p)
	}
	n, _ := b.file.Write(p[:max(0, *b.room)])
	*b.room = 0
	return n, syscall.ENOSPC
}

func (b brokenFile) Sync() error {
	if *b.sync {
		return syscall.EIO
	}
	return b.file.Sync()
}

func (b brokenFile) Truncate(n int64) error {
	if *b.truncate {
		return syscall.EIO
	}
	return b.file.Truncate(n)
}

func TestDiskFullAndBack(t *testing.T) {
	for room := 0; room < 3000; room += 97 {
		path, left, never := logPath(t), 1<<20, false
		l := open(t, Options{Path: path, Keys: testKeys(), NoSync: true, open: func(path string, flag int) (file, error) {
			f, err := openFile(path, flag)
			return brokenFile{f, &left, &never, &never}, err
		}})
		left = room
		failed := 0
		for i := range 10 {
			if err := l.Record(t.Context(), sample(fmt.Sprint("full", i))); errors.Is(err, syscall.ENOSPC) {
				failed++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		left = 1 << 20
		record(t, l, "again")
		closeLog(t, l)
		sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, path))
		if failed < 5 || sum.Decisions != 11-failed || sum.Torn != 0 {
			t.Fatalf("room %d: %d failed, %+v", room, failed, sum)
		}
	}
}

func TestBrokenDisk(t *testing.T) {
	path, left, noSync, noTruncate := logPath(t), 1<<20, false, false
	l := open(t, Options{Path: path, Keys: testKeys(), open: func(path string, flag int) (file, error) {
		f, err := openFile(path, flag)
		return brokenFile{f, &left, &noSync, &noTruncate}, err
	}})
	record(t, l, "a")
	noSync, noTruncate = true, true
	for range 3 {
		if err := l.Record(t.Context(), sample("b")); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
	}
	noSync = false // what cannot be removed keeps the log closed
	if err := l.Record(t.Context(), sample("c")); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	noTruncate = false
	record(t, l, "d")
	closeLog(t, l)
	text := read(t, path)
	if sum := good(t, VerifyOptions{Keys: testKeys()}, text); sum.Decisions != 2 || bytes.Contains(text, []byte(`"request":"b"`)) {
		t.Errorf("%+v", sum)
	}
}

// files reads all files of a log, oldest first.
func files(t *testing.T, path string) (texts [][]byte) {
	t.Helper()
	for n := 1; n <= newest(path); n++ {
		texts = append(texts, read(t, fmt.Sprint(path, ".", n)))
	}
	return append(texts, read(t, path))
}

func TestRotationKeepsTheChain(t *testing.T) {
	path := logPath(t)
	for run := range 2 {
		l := open(t, Options{Path: path, Keys: testKeys(), NoSync: true, MaxSize: 8000})
		for i := range 60 {
			record(t, l, fmt.Sprint(run, "-", i))
		}
		closeLog(t, l)
	}
	texts := files(t, path)
	if len(texts) < 8 {
		t.Fatalf("%d files", len(texts))
	}
	for i, text := range texts {
		if len(text) > 8000 {
			t.Errorf("file %d has %d bytes", i, len(text))
		}
	}
	if sum := good(t, VerifyOptions{Keys: testKeys()}, texts...); sum.Decisions != 120 || sum.Chains != 1 {
		t.Errorf("%+v", sum)
	}
	if sum := verifyText(t, VerifyOptions{Keys: testKeys()}, append(texts[:3:3], texts[4:]...)...); sum.Bad == nil {
		t.Error("a missing file is not found")
	}
	cut := append([][]byte{bytes.Join(split50(texts[0])[:5], nil)}, texts[1:]...)
	if sum := verifyText(t, VerifyOptions{Keys: testKeys()}, cut...); sum.Bad == nil {
		t.Error("a cut end before a next file is not found")
	}
}

func TestEndBetweenTwoFiles(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "a")
	closeLog(t, l)
	if err := os.Rename(path, path+".1"); err != nil { // and the process ends before it makes the next
		t.Fatal(err)
	}
	l = open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "b")
	closeLog(t, l)
	good(t, VerifyOptions{Keys: testKeys()}, files(t, path)...)
}

func TestRenamedFromOutside(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "a")
	old := filepath.Join(filepath.Dir(path), "moved")
	if err := os.Rename(path, old); err != nil {
		t.Fatal(err)
	}
	record(t, l, "b")
	if err := os.WriteFile(path+".new", []byte("strange\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(filepath.Dir(path), "second")
	if err := errors.Join(os.Rename(path, second), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), sample("c")); err == nil {
		t.Error("wrote behind a strange file")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	record(t, l, "d")
	closeLog(t, l)
	if sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, old), read(t, second), read(t, path)); sum.Decisions != 3 {
		t.Errorf("%+v", sum)
	}
}
