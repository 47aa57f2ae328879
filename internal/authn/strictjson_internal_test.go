package authn

import (
	"errors"
	"strings"
	"testing"
)

func TestStrictJSONAccepts(t *testing.T) {
	for _, s := range []string{`{}`, `{ }`, "{\n\t\"a\" : 1 ,\r \"b\":[ ] }", `{"a":"\u0041\n\/\"\\\b\f\r\t"}`, `{"a":"\ud83d\ude00😀"}`, `{"a":-0.0e-10,"b":1E+9,"c":123456789012345678901234567890}`,
		`{"a":[null,true,false,{"a":{}}]}`, `{"":""}`, `{"a":1,"A":2}`, `{"a":"` + "\u007f\u2028" + `"}`, `{"\ufffd":"` + "\ufffd" + `"}`} {
		if _, err := parseObject([]byte(s), 100); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		equalThere(t, []byte(s))
	}
}

func TestStrictJSONRefuses(t *testing.T) {
	for s, want := range map[string]error{
		"": errJSONSyntax, "{": errJSONSyntax, "[]": errJSONSyntax, `"a"`: errJSONSyntax, "\x00": errJSONSyntax, " {}": errJSONSyntax, "\ufeff{}": errJSONSyntax,
		"{} ": errJSONTrailing, "{}{}": errJSONTrailing, "{}\x00": errJSONTrailing, "{}//": errJSONTrailing,
		"{\"a\":\"\xff\"}": errJSONUTF8, "{\"\xed\xa0\x80\":1}": errJSONUTF8, "{}\xff": errJSONUTF8,
		`{"a":"\ud800"}`: errJSONSurrogate, `{"a":"\udc00\ud800"}`: errJSONSurrogate, `{"a":"\ud800\u0041"}`: errJSONSurrogate, `{"\ud800A":1}`: errJSONSurrogate,
		`{"a":1,"a":1}`: errJSONDuplicate, `{"a":1,"\u0061":1}`: errJSONDuplicate, `{"a":{"b":1,"b":1}}`: errJSONDuplicate, `{"a":[{"":1,"":2}]}`: errJSONDuplicate,
		`{"a":` + strings.Repeat("[", 8) + strings.Repeat("]", 8) + "}": errJSONDepth, strings.Repeat(`{"a":`, 9): errJSONDepth,
		`{"a":[` + strings.Repeat("1,", 99) + "1]}": errJSONSize,
		`{"a":01}`: errJSONSyntax, `{"a":1.}`: errJSONSyntax, `{"a":.1}`: errJSONSyntax, `{"a":+1}`: errJSONSyntax, `{"a":1e}`: errJSONSyntax, `{"a":-}`: errJSONSyntax, `{"a":NaN}`: errJSONSyntax,
		`{"a":"\x"}`: errJSONSyntax, `{"a":"\`: errJSONSyntax, `{"a":"\u00"}`: errJSONSyntax, "{\"a\":\"\t\"}": errJSONSyntax, "{\"a\":\"\\n\x01\"}": errJSONSyntax, `{"a":"`: errJSONSyntax, `{"a":"\n`: errJSONSyntax,
		`{"a" 1}`: errJSONSyntax, `{"a":}`: errJSONSyntax, `{,}`: errJSONSyntax, `{"a":1,}`: errJSONSyntax, `{"a":[1,]}`: errJSONSyntax, `{"a":[1 1]}`: errJSONSyntax, `{"a":tru}`: errJSONSyntax, `{a:1}`: errJSONSyntax, `{"a":1;}`: errJSONSyntax,
	} {
		if v, err := parseObject([]byte(s), 100); !errors.Is(err, want) || v.kind != jsonNull || v.members != nil {
			t.Errorf("%q: %v, %v; want %v", s, v, err, want)
		}
	}
}

func TestStrictJSONLargeObject(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		b.WriteString(`,"` + strings.Repeat("k", i+1) + `":0`)
	}
	unique := "{" + b.String()[1:] + "}"
	if _, err := parseObject([]byte(unique), 1000); err != nil {
		t.Error(err)
	}
	for _, n := range []int{1, 64, 65, 300} {
		s := unique[:len(unique)-1] + `,"` + strings.Repeat("k", n) + `":0}`
		if _, err := parseObject([]byte(s), 1000); !errors.Is(err, errJSONDuplicate) {
			t.Errorf("name %d repeated: %v", n, err)
		}
	}
}

// A flood of dots costs nothing.
func TestDotsAllocateNothing(t *testing.T) {
	for _, n := range []int{1 << 10, 16 << 10, 1 << 20} {
		dots := strings.Repeat(".", n)
		allocs := testing.AllocsPerRun(100, func() {
			if _, e := splitCompact(dots); e == nil {
				t.Error("accepted")
			}
		})
		if allocs > 2 { // the error
			t.Errorf("%d dots: %v allocations", n, allocs)
		}
	}
}

func TestShow(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "abc": "'abc'", "a'b\"c\\d\n\x7fé": "'a?b?c?d???'", strings.Repeat("x", 101): "'" + strings.Repeat("x", 100) + "...'", strings.Repeat("é", 60): "'" + strings.Repeat("?", 50) + "...'",
	} {
		if got := show(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
