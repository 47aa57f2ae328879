package limit

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func proxies(t testing.TB, words ...string) Proxies {
	t.Helper()
	p, err := ParseProxies(words)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseProxies(t *testing.T) {
	p := proxies(t, "loopback", "private", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.1")
	for _, a := range []string{"127.0.0.9", "::1", "10.1.2.3", "172.31.0.1", "192.168.9.9", "fd00::1", "192.0.2.7", "2001:db8:1::1", "198.51.100.1", "::ffff:10.0.0.1"} {
		if !p.Trusts(netip.MustParseAddr(a)) {
			t.Error("not trusted:", a)
		}
	}
	for _, a := range []string{"172.32.0.1", "192.0.2.8", "2001:db9::1", "8.8.8.8", "fe80::1"} {
		if p.Trusts(netip.MustParseAddr(a)) {
			t.Error("trusted:", a)
		}
	}
	if p.Trusts(netip.Addr{}) || (Proxies{}).Trusts(netip.MustParseAddr("127.0.0.1")) {
		t.Error("nobody is trusted")
	}
	for _, w := range []string{"", "*", "0.0.0.0/0", "::/0", "10.0.0.1/8", "fe80::1%eth0", "proxy.example", "10.0.0.0/33", "::ffff:10.0.0.0/104", "Loopback", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{w}); err == nil {
			t.Errorf("%q is taken", w)
		}
	}
	if _, err := ParseProxies(make([]string, maxProxies+1)); err == nil {
		t.Error("there is no bound")
	}
}

func TestClient(t *testing.T) {
	p := proxies(t, "10.0.0.0/8", "2001:db8:ffff::/48")
	const peer = "10.0.0.1:4711"
	for name, c := range map[string]struct {
		remote string
		lines  []string
		want   string
	}{
		"no header":                {peer, nil, "10.0.0.1"},
		"peer is not trusted":      {"192.0.2.1:1", []string{"198.51.100.9"}, "192.0.2.1"},
		"one hop":                  {peer, []string{"198.51.100.9"}, "198.51.100.9"},
		"forged prefix":            {peer, []string{"1.1.1.1, 198.51.100.9"}, "198.51.100.9"},
		"two proxies":              {peer, []string{"198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		"forged before two":        {peer, []string{"127.0.0.1, 198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		"all trusted":              {peer, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"lines in order":           {peer, []string{"1.1.1.1", "198.51.100.9", "10.0.0.2"}, "198.51.100.9"},
		"port":                     {peer, []string{"198.51.100.9:5000"}, "198.51.100.9"},
		"IPv6":                     {peer, []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 in brackets":         {peer, []string{"[2001:db8::7]"}, "2001:db8::7"},
		"IPv6 with port":           {peer, []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		"IPv6 with zone":           {peer, []string{"fe80::7%eth0"}, "fe80::7"},
		"IPv4 in IPv6":             {peer, []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		"IPv4 in IPv6, trusted":    {peer, []string{"198.51.100.9, ::ffff:10.0.0.2"}, "198.51.100.9"},
		"peer is IPv4 in IPv6":     {"[::ffff:10.0.0.1]:1", []string{"198.51.100.9"}, "198.51.100.9"},
		"peer is IPv6 with zone":   {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"IPv6 proxy":               {"[2001:db8:ffff::1]:1", []string{"198.51.100.9"}, "198.51.100.9"},
		"unknown":                  {peer, []string{"198.51.100.9, unknown"}, "10.0.0.1"},
		"unknown behind a proxy":   {peer, []string{"198.51.100.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		"obfuscated":               {peer, []string{"_hidden"}, "10.0.0.1"},
		"empty entry":              {peer, []string{"198.51.100.9, "}, "10.0.0.1"},
		"empty line":               {peer, []string{""}, "10.0.0.1"},
		"empty first line":         {peer, []string{"", "198.51.100.9"}, "198.51.100.9"},
		"leading zeros":            {peer, []string{"198.051.100.009"}, "10.0.0.1"},
		"unspecified":              {peer, []string{"0.0.0.0"}, "10.0.0.1"},
		"multicast":                {peer, []string{"ff02::1"}, "10.0.0.1"},
		"brackets around IPv4":     {peer, []string{"[198.51.100.9]"}, "10.0.0.1"},
		"quotes":                   {peer, []string{`"198.51.100.9"`}, "10.0.0.1"},
		"tabs":                     {peer, []string{"1.1.1.1,\t198.51.100.9\t"}, "198.51.100.9"},
		"other separators":         {peer, []string{"198.51.100.9;1.1.1.1"}, "10.0.0.1"},
		"huge prefix":              {peer, []string{strings.Repeat("x", 1<<20) + ",198.51.100.9"}, "198.51.100.9"},
		"huge entry":               {peer, []string{strings.Repeat("9", 1<<20)}, "10.0.0.1"},
		"huge spaces":              {peer, []string{"198.51.100.9" + strings.Repeat(" ", maxHopsBytes)}, "10.0.0.1"},
		"too many hops":            {peer, []string{"198.51.100.9" + strings.Repeat(",10.0.0.2", maxHops)}, "10.0.0.2"},
		"as many hops as may be":   {peer, []string{"198.51.100.9" + strings.Repeat(",10.0.0.2", maxHops-1)}, "198.51.100.9"},
		"many lines":               {peer, append([]string{"198.51.100.9"}, strings.Split(strings.Repeat("10.0.0.2 ", maxHops-1), " ")[:maxHops-1]...), "198.51.100.9"},
		"remote without port":      {"10.0.0.1", []string{"198.51.100.9"}, "198.51.100.9"},
		"remote is a Unix socket":  {"@", []string{"198.51.100.9"}, "invalid IP"},
		"remote is nothing at all": {"", []string{"198.51.100.9"}, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"X-Forwarded-For": c.lines, "Forwarded": {"for=9.9.9.9"}, "X-Real-Ip": {"9.9.9.9"}, "X_forwarded_for": {"9.9.9.9"}}
			if got := p.Client(c.remote, h).String(); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

func TestClientForwarded(t *testing.T) {
	p := proxies(t, "10.0.0.0/8").WithForwarded()
	for line, want := range map[string]string{
		`for=198.51.100.9`: "198.51.100.9",
		`For="198.51.100.9:80";proto=https;by=10.0.0.1`:        "198.51.100.9",
		`for="[2001:db8::7]:443"`:                              "2001:db8::7",
		`for="[2001:db8::7]"`:                                  "2001:db8::7",
		`for=[2001:db8::7]`:                                    "2001:db8::7",
		`for=1.1.1.1, for=198.51.100.9 ; host=x, for=10.0.0.2`: "198.51.100.9",
		`for="1.1.1.1, for=198.51.100.9`:                       "198.51.100.9",
		`for="x\", for=198.51.100.9`:                           "198.51.100.9",
		`for=unknown`:                                          "10.0.0.1",
		`for=_hidden`:                                          "10.0.0.1",
		`for="_gazonk:80"`:                                     "10.0.0.1",
		`for="2001:db8::7"`:                                    "10.0.0.1",
		`for=198.51.100.9;for=1.1.1.1`:                         "10.0.0.1",
		`proto=https`:                                          "10.0.0.1",
		`for`:                                                  "10.0.0.1",
		`for=`:                                                 "10.0.0.1",
		`for=198.51.100.9;`:                                    "10.0.0.1",
		`for="198.51.100.9`:                                    "10.0.0.1",
		`for="198\.51.100.9"`:                                  "10.0.0.1",
		`198.51.100.9`:                                         "10.0.0.1",
		`for=8.8.8.8;host="a,for=9.9.9.9"`:                     "10.0.0.1",
		`for=8.8.8.8;host="a,for=9.9.9.9;x=\"b"`:               "10.0.0.1",
		strings.Repeat("for=9.9.9.9, ", 1000) + `for=198.51.100.9`:                 "198.51.100.9",
		`for=198.51.100.9` + strings.Repeat(", for=10.0.0.2", maxHops):             "10.0.0.2",
		`for=198.51.100.9;ext=` + strings.Repeat("x", maxHopsBytes):                "10.0.0.1",
		`for=198.51.100.9, for=10.0.0.9;x=` + strings.Repeat("y", maxHopsBytes-40): "198.51.100.9",
	} {
		h := http.Header{"Forwarded": {line}, "X-Forwarded-For": {"7.7.7.7"}}
		if got := p.Client("10.0.0.1:1", h).String(); got != want {
			t.Errorf("%.80s: %s, not %s", line, got, want)
		}
	}
}

func TestKey(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Key(netip.MustParseAddr(a)).String(); got != want {
			t.Errorf("%s: %s", a, got)
		}
	}
	if Key(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}

// Without trusted proxies no header changes anything.
func TestNobodyTrusted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.String(), 0, 5).Draw(t, "lines")
		h := http.Header{"X-Forwarded-For": lines, "Forwarded": lines}
		for _, p := range []Proxies{{}, Proxies{}.WithForwarded()} {
			if got := p.Client("127.0.0.1:1", h); got != netip.MustParseAddr("127.0.0.1") {
				t.Fatal(got)
			}
		}
	})
}

// Whatever a client sends, in lines of its own or in front of what the proxy adds, it has the address that the proxy saw.
func TestPrefixNeverMatters(t *testing.T) {
	p, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	piece := rapid.SampledFrom([]string{"9.9.9.9", "10.0.0.5", ",", " ", `"`, `\`, ";", "for=", "for=\"", "[::1]", "unknown", "\t", "x", "="})
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.SliceOfN(rapid.Map(rapid.SliceOf(piece), func(s []string) string { return strings.Join(s, "") }), 0, 4).Draw(t, "sent")
		via := strings.Repeat(", 10.0.0.2", rapid.IntRange(0, 5).Draw(t, "proxies"))
		for name, p := range map[string]Proxies{"X-Forwarded-For": p, "Forwarded": p.WithForwarded()} {
			add := "192.0.2.77" + via
			if name == "Forwarded" {
				add = "for=" + strings.ReplaceAll(add, ", ", ", for=")
			}
			lines := append(append([]string{}, sent...), add)
			if n := len(sent); n > 0 && rapid.Bool().Draw(t, "joined") {
				lines = append(append([]string{}, sent[:n-1]...), sent[n-1]+", "+add)
			}
			if got := p.Client("10.0.0.1:1", http.Header{name: lines}).String(); got != "192.0.2.77" {
				t.Fatalf("%s %q: %s", name, lines, got)
			}
		}
	})
}

func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"1.1.1.1, 10.0.0.2", `for="[2001:db8::7]:443";by=x`, "a,,\n,b", `for="`, ",", "10.0.0.3\n10.0.0.2"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	trusted := proxies(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, text string, forwarded bool) {
		p, add := trusted, "192.0.2.77"
		if forwarded {
			p, add = p.WithForwarded(), "for=192.0.2.77"
		}
		lines := strings.Split(text, "\n")
		h := http.Header{"X-Forwarded-For": lines, "Forwarded": lines}
		got := p.Client("10.0.0.1:1", h)
		if !got.IsValid() || got.Is4In6() || got.Zone() != "" || got.IsUnspecified() {
			t.Errorf("%v", got)
		}
		if again := p.Client("10.0.0.1:1", h); again != got {
			t.Errorf("%v, then %v", got, again)
		}
		h = http.Header{"X-Forwarded-For": append(lines, add), "Forwarded": append(lines, add)}
		if got := p.Client("10.0.0.1:1", h); got.String() != "192.0.2.77" {
			t.Errorf("a line before the proxy's made it %v", got)
		}
		if got := p.Client("192.0.2.1:1", h); got.String() != "192.0.2.1" {
			t.Errorf("a stranger's header made it %v", got)
		}
	})
}

func BenchmarkClient(b *testing.B) {
	p := proxies(b, "private")
	h := http.Header{"X-Forwarded-For": {"1.1.1.1, 198.51.100.9, 10.0.0.2"}}
	b.ReportAllocs()
	for range b.N {
		p.Client("10.0.0.1:1", h)
	}
}
