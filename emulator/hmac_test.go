package emulator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// SDKs join an endpoint that ends in a slash with a path that starts with one, and sign both slashes.
func TestAccessKeys(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	host := strings.TrimPrefix(e.ACSURL(), "http://")
	for _, tt := range []struct {
		signed, sent, key string
		status            int
	}{
		{"//identities?api-version=2023-10-01", "//identities?api-version=2023-10-01", emulator.AccessKeyPrimary, http.StatusCreated},
		{"/identities?api-version=2023-10-01", "/identities?api-version=2023-10-01", emulator.AccessKeySecondary, http.StatusCreated},
		{"/identities?api-version=2023-10-01", "///identities?api-version=2023-10-01", emulator.AccessKeyPrimary, http.StatusUnauthorized},
	} {
		date := time.Now().UTC().Format(http.TimeFormat)
		body := base64.StdEncoding.EncodeToString(hash("{}"))
		key, err := base64.StdEncoding.DecodeString(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("POST\n" + tt.signed + "\n" + date + ";" + host + ";" + body))
		r := newBrowser(t).send("POST", e.ACSURL()+tt.sent, "{}", "Content-Type", "application/json", "x-ms-date", date, "x-ms-content-sha256", body,
			"Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		if r.status != tt.status {
			t.Errorf("signed %s, sent %s: %d %s", tt.signed, tt.sent, r.status, r.body)
		}
	}
	if n := len(e.Identities()); n != 2 {
		t.Errorf("%d identities, want 2", n)
	}
	if want := "endpoint=" + e.URL() + "/;accesskey=" + emulator.AccessKeyPrimary; e.ConnectionString() != want {
		t.Errorf("connection string %s", e.ConnectionString())
	}
}
