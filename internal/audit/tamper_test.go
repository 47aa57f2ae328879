package audit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fifty is a log of 50 lines, and its head.
func fifty(t *testing.T, keys [][]byte) (text []byte, head string) {
	t.Helper()
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: keys, NoSync: true})
	for i := range 48 {
		e := Event{RequestID: fmt.Sprint(i), Operation: "getUser", Outcome: Allowed, Status: 200}
		if i%8 == 0 {
			e = sample(fmt.Sprint(i))
		}
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	text = read(t, path)
	sum := good(t, VerifyOptions{Keys: keys}, text)
	if sum.Lines != 50 {
		t.Fatalf("%d lines", sum.Lines)
	}
	return text, sum.Head
}

// split50 cuts a log into lines, line breaks included.
func split50(text []byte) [][]byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	return lines[:len(lines)-1]
}

func TestEveryByteEditIsFound(t *testing.T) {
	for name, keys := range map[string][][]byte{"with key": testKeys(), "without key": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := fifty(t, keys)
			lines := split50(text)
			begin, prev := 0, ""
			for n, one := range lines {
				o, from, to := VerifyOptions{Keys: keys, After: prev}, begin, begin+len(one)
				for _, next := range lines[n+1 : min(n+3, len(lines))] {
					to += len(next) // what is wrong shows within two lines
				}
				for i := range one {
					at := begin + i
					flip := byte(1) << (at % 8)
					if at%16 == 15 && text[at] != '\n' {
						flip = text[at] ^ '\n' // makes two lines of one
					}
					text[at] ^= flip
					if sum := verifyText(t, o, text[from:to]); sum.Bad == nil {
						t.Fatalf("byte %d of %d changed by %#x: not found", at, len(text), flip)
					}
					if at%16 == 0 {
						if sum := verifyText(t, VerifyOptions{Keys: keys}, text); sum.Bad == nil {
							t.Fatalf("byte %d of %d changed by %#x: not found in the whole", at, len(text), flip)
						}
					}
					text[at] ^= flip
				}
				begin += len(one)
				_, prev, _ = split(bytes.TrimSuffix(one, []byte("\n")))
			}
			good(t, VerifyOptions{Keys: keys}, text)
		})
	}
}

func TestDeletionSwapAndDoubleAreFound(t *testing.T) {
	text, head := fifty(t, testKeys())
	lines := split50(text)
	o := VerifyOptions{Keys: testKeys(), Head: head}
	check := func(what string, changed [][]byte) {
		t.Helper()
		if sum := verifyText(t, o, bytes.Join(changed, nil)); sum.Bad == nil {
			t.Errorf("%s: not found", what)
		}
	}
	good(t, o, bytes.Join(lines, nil))
	for i := range lines {
		check(fmt.Sprint("delete ", i), slices.Delete(slices.Clone(lines), i, i+1))
		check(fmt.Sprint("double ", i), slices.Insert(slices.Clone(lines), i, lines[i]))
		for j := range i {
			swapped := slices.Clone(lines)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			check(fmt.Sprint("swap ", i, j), swapped)
			if i-j > 1 {
				check(fmt.Sprint("delete from ", j, " to ", i), slices.Delete(slices.Clone(lines), j, i))
			}
		}
	}
}

func TestFindingsSayWhatIsWrong(t *testing.T) {
	text, head := fifty(t, testKeys())
	other, _ := fifty(t, testKeys()) // of another chain, and the same key
	lines, strange := split50(text), split50(other)
	edited := bytes.Replace(lines[9], []byte("allowed"), []byte("refused"), 1)
	forged, _, _ := encode(line{Kind: kindDecision, Seq: 10, Chain: "x", Prev: zeroHash}, keySet{})
	for _, c := range []struct {
		name string
		text [][]byte
		o    VerifyOptions
		line int
		want string
	}{
		{"edit", slices.Replace(slices.Clone(lines), 9, 10, edited), VerifyOptions{}, 10, "edited"},
		{"gap", slices.Delete(slices.Clone(lines), 9, 12), VerifyOptions{}, 10, "lines 10 to 12 of the chain are missing"},
		{"double", slices.Insert(slices.Clone(lines), 9, lines[8]), VerifyOptions{}, 10, "moved or doubled"},
		{"other chain", slices.Replace(slices.Clone(lines), 9, 10, strange[9]), VerifyOptions{}, 10, "another chain"},
		{"junk", slices.Insert(slices.Clone(lines), 9, []byte("junk\n")), VerifyOptions{}, 10, "edited or inserted"},
		{"no key", slices.Replace(slices.Clone(lines), 9, 10, forged), VerifyOptions{}, 10, "without a key"},
		{"cut", lines[:40], VerifyOptions{Head: head}, 40, "cut off"},
		{"beginning", lines[5:], VerifyOptions{}, 1, "the beginning is missing"},
		{"new chain", slices.Concat(lines, strange), VerifyOptions{}, 51, "a new chain"},
	} {
		c.o.Keys = testKeys()
		sum := verifyText(t, c.o, bytes.Join(c.text, nil))
		if sum.Bad == nil || sum.Bad.Line != c.line || !strings.Contains(sum.Bad.What, c.want) {
			t.Errorf("%s: %+v, want line %d: %s", c.name, sum.Bad, c.line, c.want)
		}
	}
}

// What cannot be seen is told in docs/audit.md. This test keeps it true.
func TestWhatCannotBeSeen(t *testing.T) {
	text, _ := fifty(t, testKeys())
	lines := split50(text)
	good(t, VerifyOptions{Keys: testKeys()}, bytes.Join(lines[:40], nil)) // a cut end without an anchor
	plain, _ := fifty(t, nil)
	var forged []byte
	prev := zeroHash
	for _, one := range split50(plain) { // without a key, anybody can make it all anew
		body, _, _ := split(bytes.TrimRight(one, "\n"))
		l, err := parse(bytes.Replace(body, []byte("allowed"), []byte("refused"), 1))
		if err != nil {
			t.Fatal(err)
		}
		l.Prev = prev
		made, hash, _ := encode(l, keySet{})
		forged, prev = append(forged, made...), hash
	}
	good(t, VerifyOptions{}, forged)
}

func TestPartsOfALog(t *testing.T) {
	text, _ := fifty(t, testKeys())
	lines := split50(text)
	first, rest := bytes.Join(lines[:20], nil), bytes.Join(lines[20:], nil)
	head := good(t, VerifyOptions{Keys: testKeys()}, first).Head
	good(t, VerifyOptions{Keys: testKeys()}, first, rest)
	good(t, VerifyOptions{Keys: testKeys(), After: head}, rest)
	if sum := good(t, VerifyOptions{Keys: testKeys(), Partial: true}, rest); sum.FirstSeq != 21 {
		t.Errorf("%+v", sum)
	}
	for name, sum := range map[string]Summary{
		"without the beginning": verifyText(t, VerifyOptions{Keys: testKeys()}, rest),
		"wrong anchor":          verifyText(t, VerifyOptions{Keys: testKeys(), After: zeroHash}, rest),
		"wrong order":           verifyText(t, VerifyOptions{Keys: testKeys()}, rest, first),
		"twice":                 verifyText(t, VerifyOptions{Keys: testKeys()}, first, first),
		"nothing":               verifyText(t, VerifyOptions{Keys: testKeys()}, nil),
	} {
		if sum.Bad == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestStandardOutputOfSeveralProcesses(t *testing.T) {
	var out bytes.Buffer
	for range 3 {
		l := open(t, Options{Writer: &out, Keys: testKeys()})
		record(t, l, "a")
		closeLog(t, l)
	}
	if sum := good(t, VerifyOptions{Keys: testKeys(), Restarts: true}, out.Bytes()); sum.Chains != 3 || sum.Decisions != 3 {
		t.Errorf("%+v", sum)
	}
	if sum := verifyText(t, VerifyOptions{Keys: testKeys()}, out.Bytes()); sum.Bad == nil {
		t.Error("several chains pass for one")
	}
}
