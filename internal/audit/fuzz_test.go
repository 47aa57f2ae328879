package audit

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Whatever stands in a file, Verify ends, and says that it is good only if no
// line is in it that the holder of the key did not make.
func FuzzVerify(f *testing.F) {
	key, err := derive(testKeys()[0])
	if err != nil {
		f.Fatal(err)
	}
	var out bytes.Buffer // the same in every process of the fuzzer
	prev := zeroHash
	for i, kind := range []string{kindStart, kindDecision, kindDecision, kindStop} {
		text, hash, err := encode(line{Kind: kind, Time: "t", Seq: uint64(i) + 1, Chain: "c", Op: fmt.Sprint(i), Prev: prev}, key)
		if err != nil {
			f.Fatal(err)
		}
		out.Write(text)
		prev = hash
	}
	whole := out.Bytes()
	known := map[string]bool{}
	for one := range strings.Lines(out.String()) {
		known[strings.TrimSpace(one)] = true
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-20])
	f.Add(append(bytes.Clone(whole), `{"v":1,"kind":"decision"`...))
	f.Add([]byte("{}\n\n\x00"))
	f.Add([]byte(`{"prev":"` + zeroHash + `","hash":"` + zeroHash + `"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sum := verifyText(t, VerifyOptions{Keys: testKeys(), Partial: true}, text)
		_ = verifyText(t, VerifyOptions{Restarts: true}, text)
		if sum.Bad != nil {
			return
		}
		n := 0
		for one := range bytes.SplitSeq(text, []byte("\n")) {
			if _, _, ok := split(one); ok {
				if n++; !known[string(one)] {
					t.Errorf("a line that nobody made passes: %q", one)
				}
			}
		}
		if n != sum.Lines {
			t.Errorf("%d lines, and %d are counted", n, sum.Lines)
		}
	})
}
