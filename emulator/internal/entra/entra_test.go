package entra

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestVaultIsBounded(t *testing.T) {
	v := newVault[int](3)
	now := time.Unix(1000, 0)
	var names []string
	for i := range 5 {
		names = append(names, v.put("p", i, now.Add(time.Minute)))
	}
	for i, name := range names {
		value, found, fresh := v.get(name, now)
		if want := i >= 2; found != want || fresh != want || want && value != i {
			t.Errorf("%d: value %d, found %v, fresh %v", i, value, found, fresh)
		}
	}
	if _, found, fresh := v.get(names[4], now.Add(time.Minute)); !found || fresh {
		t.Error("at its expiry a value is found and not fresh")
	}
	v.expire(names[4])
	if _, _, fresh := v.get(names[4], now); fresh {
		t.Error("expire has no effect")
	}
	v.clear()
	if _, found, _ := v.get(names[3], now); found || len(v.order) != 0 {
		t.Error("clear has no effect")
	}
}

func TestClip(t *testing.T) {
	if got := clip("a\r\nb\x7f\xff"); got != "a??b??" {
		t.Errorf("%q", got)
	}
	if got := clip(strings.Repeat("é", 300)); got != strings.Repeat("é", 200)+"..." {
		t.Errorf("%d bytes", len(got))
	}
}

// A policy must not be widened by what a redirect URI holds.
func TestFormSource(t *testing.T) {
	for uri, want := range map[string]string{
		"http://localhost:3000/a?b;c": "http://localhost:3000",
		"http://[::1]:3000/":          "http:",
		"http://a;b/":                 "http:",
		"http://a,b/":                 "http:",
		"%zz":                         "",
		"/path":                       "",
	} {
		if got := formSource(uri); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}

func TestWantsCAE(t *testing.T) {
	for claims, want := range map[string]bool{
		"": false, "{": false, "[]": false, `{"access_token":{"xms_cc":{"values":["cp2"]}}}`: false,
		`{"access_token":{"xms_cc":{"values":["x","Cp1"]}}}`: true, `{"access_token":{"xms_cc":null}}`: false,
	} {
		if got := wantsCAE(claims); got != want {
			t.Errorf("%s: %v", claims, got)
		}
	}
}

func TestPairwise(t *testing.T) {
	seen := map[string]bool{}
	for i := range 4 {
		sub := pairwise("app"+strconv.Itoa(i/2), "user"+strconv.Itoa(i%2))
		if seen[sub] || len(sub) != 43 {
			t.Errorf("sub %q is not of its own", sub)
		}
		seen[sub] = true
	}
	if !seen[pairwise("app0", "user1")] {
		t.Error("sub is not stable")
	}
}
