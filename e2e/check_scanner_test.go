package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

// A marker is a secret, or a piece of personal data, that must show up nowhere.
type marker struct{ what, text string }

// window is how long a part of a marker is that must not show up, in bytes.
const window = 12

// A scanner finds parts of markers, plain and encoded.
type scanner struct{ windows map[string]string }

func newScanner(markers ...marker) *scanner {
	s := &scanner{windows: map[string]string{}}
	for _, m := range markers {
		s.add(m)
	}
	return s
}

func (s *scanner) add(m marker) {
	forms := map[string][]string{"": {m.text}, ", escaped": {url.QueryEscape(m.text), url.PathEscape(m.text)}, ", in hex": {hex.EncodeToString([]byte(m.text)), strings.ToUpper(hex.EncodeToString([]byte(m.text)))}, ", in base64": inBase64(m.text)}
	if raw, err := base64.StdEncoding.DecodeString(m.text); err == nil && len(raw) >= window {
		forms[", decoded"] = []string{string(raw), hex.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw)}
	}
	for how, list := range forms {
		for _, form := range list {
			for i := 0; i+window <= len(form); i++ {
				if at := form[i : i+window]; how == "" || s.windows[at] == "" {
					s.windows[at] = m.what + how
				}
			}
		}
	}
}

// inBase64 is what text becomes within something that is encoded as a whole: it may begin at any of three places.
func inBase64(text string) (list []string) {
	for shift := range 3 {
		padded := strings.Repeat("\x00", shift) + text
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			coded := enc.EncodeToString([]byte(padded))
			if len(coded) > 8 {
				list = append(list, coded[4:len(coded)-4]) // the ends depend on what is beside
			}
		}
	}
	return list
}

// find returns what a text shows, or "".
func (s *scanner) find(text string) (what, where string) {
	for i := 0; i+window <= len(text); i++ {
		if what, ok := s.windows[text[i:i+window]]; ok {
			return what, text[max(0, i-80):min(len(text), i+80)]
		}
	}
	return "", ""
}

// clean fails for what a text shows.
func (s *scanner) clean(t *testing.T, name, text string) {
	t.Helper()
	if what, where := s.find(text); what != "" {
		t.Errorf("%s shows a part of %s: ...%q...", name, what, where)
	}
}

// The scanner itself must find every form, or the checks prove nothing.
func TestScannerFindsEveryForm(t *testing.T) {
	const secret = "q9Zt-hidden-Wk3v7"
	s := newScanner(marker{"the secret", secret}, marker{"the key", base64.StdEncoding.EncodeToString([]byte("a key of raw bytes"))})
	for name, text := range map[string]string{
		"plain": "x " + secret, "a window": secret[:window], "another": secret[3 : 3+window], "hex": hex.EncodeToString([]byte(secret)),
		"base64":    base64.StdEncoding.EncodeToString([]byte("a longer text with " + secret + " in it")),
		"base64url": base64.RawURLEncoding.EncodeToString([]byte(`{"a":"` + secret + `"}`)), "second place": base64.StdEncoding.EncodeToString([]byte("12345" + secret + "x")),
		"decoded key": "a key of raw bytes", "decoded key in hex": hex.EncodeToString([]byte("a key of raw bytes")),
	} {
		if what, _ := s.find(text); what == "" {
			t.Errorf("%s is not found", name)
		}
	}
	if what, where := s.find("nothing hidden here, only a key and words"); what != "" {
		t.Errorf("found %s in %q", what, where)
	}
}
