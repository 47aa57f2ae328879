package probe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// Each control that a token can be given for gets one from the emulator.
func TestMint(t *testing.T) {
	emu := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/token" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		fmt.Fprintf(w, `{"access_token":%q}`, userToken())
	}))
	defer emu.Close()
	tokens, err := Mint(t.Context(), emu.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	if tokens.Good == "" || tokens.Teams == "" {
		t.Error("the good tokens are missing")
	}
	for _, c := range GivenControls() {
		if !slices.ContainsFunc(tokens.Wrong, func(w Wrong) bool { return w.Control == c && w.Exact && w.Token != "" }) {
			t.Errorf("%s gets no token of one flaw", c)
		}
	}
}

func TestMintRefusals(t *testing.T) {
	for admin, want := range map[string]string{
		"https://login.microsoftonline.com": "on this machine", "http://10.0.0.1:8082": "on this machine", "": "on this machine",
		"http://127.0.0.1:1": "no emulator answers there",
	} {
		if _, err := Mint(t.Context(), admin); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", admin, err)
		}
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if _, err := Mint(t.Context(), other.URL); err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Error(err)
	}
}
