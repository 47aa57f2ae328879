package secret

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acs-solutions/acsauth/internal/config"
)

// leak returns what of the secret is in out: 8 bytes of it, or of its base64 or hex.
func leak(secret, out string) string {
	for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret))} {
		for i := 0; i+8 <= len(form); i++ {
			if strings.Contains(out, form[i:i+8]) {
				return form[i : i+8]
			}
		}
	}
	return ""
}

func secrets() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z0-9+/=!#$_.~-]{24,96}`).Filter(func(s string) bool {
		distinct := map[rune]bool{}
		for _, r := range s {
			distinct[r] = true
		}
		return len(distinct) >= 12
	})
}

// P-10 for Key Vault: whatever form an answer has that holds the secret, no error shows a part of it.
func TestVaultErrorsNeverLeak(t *testing.T) {
	var answer func(w http.ResponseWriter)
	v := newVault(t, func(_ int, w http.ResponseWriter, _ *http.Request) { answer(w) })
	c := v.vaults(&identity{})
	rapid.Check(t, func(t *rapid.T) {
		value := secrets().Draw(t, "value")
		status := rapid.SampledFrom([]int{200, 201, 204, 302, 400, 403, 404, 409, 418, 429, 500, 503}).Draw(t, "status")
		form := rapid.SampledFrom([]string{`{"value":%q`, `{"value":[%q]}`, `%s`, `{"error":{"code":%q,"message":"x"}}`,
			`{"error":{"code":"x","message":%q,"innererror":{"code":%[1]q}}}`, `{"value":%[1]q}{"value":%[1]q}`, `{"attributes":{"exp":%q}}`}).Draw(t, "form")
		answer = func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "60") // not waited for
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Ms-Error-Code", value)
			w.WriteHeader(status)
			fmt.Fprintf(w, form, value)
		}
		got, err := c.Get(context.Background(), reference(""))
		if err == nil && got == value {
			return
		}
		if l := leak(value, fmt.Sprintf("%v %+v %#v", err, err, err)); err == nil || got != "" || l != "" {
			t.Fatalf("%d bytes, and an error that shows %q: %v", len(got), l, err)
		}
	})
}

// P-10 for what is logged about secrets that change, good and bad.
func TestWatchLogNeverLeaks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	rapid.Check(t, func(t *rapid.T) {
		var log strings.Builder
		w := &Watcher{
			Sources: []config.SecretSource{{Name: first, Path: path}}, Current: map[string]config.Secret{first: config.NewSecret("x")},
			Interval: time.Minute, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Apply: func(changed map[string]config.Secret) map[string]error {
				if rapid.Bool().Draw(t, "good") {
					return nil
				}
				return map[string]error{first: fmt.Errorf("cannot use %v: %w", changed, errors.New("has no endpoint"))}
			},
		}
		w.begin(time.Now())
		value := rapid.SampledFrom([]string{"", "keyvault:", "@Microsoft.KeyVault(SecretUri="}).Draw(t, "prefix") + secrets().Draw(t, "value")
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
		w.round(context.Background())
		if l := leak(value, log.String()); l != "" && !strings.HasPrefix("keyvault:", l) && !strings.Contains("App Service did not resolve @Microsoft.KeyVault(SecretUri=", l) {
			t.Fatalf("the log shows %q: %s", l, &log)
		}
		if log.Len() == 0 {
			t.Fatal("nothing is logged, so this proves nothing")
		}
	})
}
