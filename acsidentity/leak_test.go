package acsidentity

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"pgregory.net/rapid"
)

// P-10 for access keys: no printer, error or log of the SDK shows 8 bytes of one, in base64, plain or in hex.
func TestKeysNeverLeak(t *testing.T) {
	var seen strings.Builder
	azlog.SetListener(func(_ azlog.Event, text string) { seen.WriteString(text) })
	defer azlog.SetListener(nil)
	rapid.Check(t, func(t *rapid.T) {
		var keys [2]string
		var raw [2][]byte
		for i := range keys {
			raw[i] = rapid.SliceOfNDistinct(rapid.Byte(), 24, 64, rapid.ID[byte]).Draw(t, "key")
			keys[i] = base64.StdEncoding.EncodeToString(raw[i])
		}
		if keys[0] == keys[1] {
			return
		}
		seen.Reset()
		credential, err := NewKeyPairCredential(keys[0], keys[1])
		if err != nil {
			t.Fatal(err)
		}
		credential.Notify(func(e KeyEvent) { fmt.Fprintf(&seen, "%+v", e) })
		c, err := NewClientWithKey(testHost, credential, with(always(401, denied)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateIdentity(t.Context(), nil)
		_, pairErr := NewKeyPairCredential(keys[0], keys[0])
		_, _, parseErr := ParseConnectionString("endpoint=x;accesskey=" + keys[0])
		updateErr := credential.Update(keys[0] + "%")
		holder := struct {
			in any
			C  *KeyCredential
			c  *Client
		}{credential, credential, c}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, v := range []any{credential, holder, c, *c, err, pairErr, parseErr, updateErr} {
				fmt.Fprintf(&seen, verb, v)
			}
		}
		slog.New(slog.NewJSONHandler(&seen, nil)).Info("m", "k", credential, "h", holder, "c", c, "e", err)
		for i, key := range keys {
			for _, form := range []string{key, string(raw[i]), hex.EncodeToString(raw[i])} {
				for n := 0; n+8 <= len(form); n++ {
					if strings.Contains(seen.String(), form[n:n+8]) {
						t.Fatalf("key %d shows: %q", i+1, form[n:n+8])
					}
				}
			}
		}
	})
}
