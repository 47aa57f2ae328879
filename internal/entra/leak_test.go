package entra

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// P-10 for client secrets: Entra ID sends the secret back in every member of its refusals, and no error shows a part of it.
func TestClientSecretNeverLeaks(t *testing.T) {
	var status int
	var member string
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) {
		secret := form.Get("client_secret")
		answer := map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: " + secret, "trace_id": secret}
		answer[member] = secret
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		text, _ := json.Marshal(answer)
		_, _ = w.Write(text)
	})
	c := a.client(t, nil)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Z0-9~][A-Za-z0-9._~-]{31,63}`).Filter(func(s string) bool {
			distinct := map[rune]bool{}
			for _, r := range s {
				distinct[r] = true
			}
			return len(distinct) >= 12
		}).Draw(t, "secret")
		status = rapid.SampledFrom([]int{400, 401, 403}).Draw(t, "status")
		member = rapid.SampledFrom([]string{"error", "suberror", "error_description", "claims", "token_type", "expires_in"}).Draw(t, "member")
		if err := c.ReplaceSecret(secret); err != nil {
			t.Fatal(err)
		}
		n++
		token, err := c.ForApp(t.Context(), tenant, fmt.Sprint("scope", n))
		if err == nil {
			t.Fatal("a refusal gave a token")
		}
		text := fmt.Sprintf("%v %+v %#v %v", err, err, token, c)
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret))} {
			for i := 0; i+8 <= len(form); i++ {
				if strings.Contains(text, form[i:i+8]) {
					t.Fatalf("%q of the secret is shown: %v", form[i:i+8], err)
				}
			}
		}
	})
}
