package acsidentity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestParseConnectionString(t *testing.T) {
	const e = "https://contoso.communication.azure.com"
	for _, s := range []string{
		"endpoint=" + e + "/;accesskey=" + testKey,
		"endpoint=" + e + ";accesskey=" + testKey + ";",
		"accesskey=" + testKey + ";endpoint=" + e + "///",
		" EndPoint = " + e + "/ ; AccessKey = " + testKey + " ; ",
		"Endpoint=HTTPS://CONTOSO.communication.azure.com:443/;ACCESSKEY=" + testKey,
	} {
		endpoint, key, err := ParseConnectionString(s)
		if err != nil || endpoint != e || string(key.get()) != "secret-secret-secret-secret-secret" {
			t.Errorf("%s: %q, %v", s, endpoint, err)
		}
		c, err := NewClientFromConnectionString(s, nil)
		if err != nil || c.Endpoint() != e {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestConnectionStringErrors(t *testing.T) {
	const e, k = "endpoint=https://canary-host.example/", "accesskey=Y2FuYXJ5"
	for s, part := range map[string]string{
		"":                        "part 1",
		";":                       "part 1",
		e:                         "no accesskey",
		k:                         "no endpoint",
		e + ";" + k + ";;":        "part 3",
		e + ";" + k + ";canary=1": "part 3",
		e + ";" + e + ";" + k:     "endpoint twice",
		e + ";" + k + ";" + strings.ToUpper(k[:10]) + "Y2Fu": "accesskey twice",
		e + ";canary":                         "part 2",
		e + ";accesskey=canary!":              "not base64",
		e + ";accesskey=":                     "no accesskey",
		e + ";accesskey=====":                 "not base64",
		"endpoint=canary.example;" + k:        "endpoint",
		"endpoint=http://canary.example;" + k: "https",
		e + ";accesskey=" + base64.StdEncoding.EncodeToString(make([]byte, 1025)): "too long",
		strings.Repeat("canary", 1000):                                            "too long",
	} {
		_, key, err := ParseConnectionString(s)
		if err == nil || key != nil || !strings.Contains(err.Error(), part) || strings.Contains(strings.ToLower(err.Error()), "canary") || strings.Contains(err.Error(), "Y2Fu") {
			t.Errorf("%s: %v, want %q", s, err, part)
		}
		if _, err := NewClientFromConnectionString(s, nil); err == nil {
			t.Errorf("%s: a client", s)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for in, want := range map[string]string{
		"https://contoso.communication.azure.com":        "https://contoso.communication.azure.com",
		" https://contoso.communication.azure.com/ ":     "https://contoso.communication.azure.com",
		"https://a.unitedstates.communication.azure.com": "https://a.unitedstates.communication.azure.com",
		"https://h:8443/":             "https://h:8443",
		"https://h:443":               "https://h",
		"http://localhost:80":         "http://localhost",
		"http://localhost:443":        "http://localhost:443",
		"http://LOCALHOST:8080":       "http://localhost:8080",
		"http://127.0.0.1:8080":       "http://127.0.0.1:8080",
		"http://127.9.9.9":            "http://127.9.9.9",
		"http://[::1]:8080/":          "http://[::1]:8080",
		"http://[::1]":                "http://[::1]",
		"http://[::ffff:127.0.0.1]:1": "http://[::ffff:127.0.0.1]:1",
		"https://10.0.0.1":            "https://10.0.0.1",
	} {
		if got, err := parseEndpoint(in); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "contoso.communication.azure.com", "//h", "ftp://h", "https://", "https:///", "https:h", "https://h/acs", "https://h?x=1", "https://h?",
		"https://h#f", "https://h#", "https://u:p@h", "https://@h", "https://h:", "https://h:0", "https://h:65536", "https://h:x", "https://h h",
		"https://exämple.com", "https://h%41", "https://[fe80::1%25eth0]", "https://-h", "https://h/%2e", "http://contoso.communication.azure.com",
		"http://localhost.example", "http://10.0.0.1", "http://0.0.0.0", "http://127.0.0.1.example", "http://[::]", "https://" + strings.Repeat("a", 600),
	} {
		if got, err := parseEndpoint(in); err == nil {
			t.Errorf("%q was accepted as %q", in, got)
		} else if len(in) > 12 && strings.Contains(err.Error(), in[8:]) {
			t.Errorf("%q is repeated in %v", in, err)
		}
	}
}

func TestKeyCredentialHidesTheKey(t *testing.T) {
	key, err := NewKeyCredential(" " + testKey + "\n")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", key)
	blob, err := json.Marshal(map[string]any{"key": key})
	user := TeamsUser{canaryJWT, testClient, testObject}
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "user", user)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", key, key, key, key, key, key), log.String(), string(blob),
		fmt.Sprintf("%v %+v %#v %s", user, user, user, &user)} {
		if err != nil || strings.Contains(s, testKey) || strings.Contains(s, "secret-secret") || strings.Contains(s, canaryJWT) || strings.Contains(s, "7365637265742d") {
			t.Errorf("the key is in %q, %v", s, err)
		}
	}
}

func TestKeyUpdate(t *testing.T) {
	key, _ := NewKeyCredential(testKey)
	for _, bad := range []string{"", " ", "!", "YQ", base64.StdEncoding.EncodeToString(make([]byte, 1025))} {
		if err := key.Update(bad); err == nil || string(key.get()) != "secret-secret-secret-secret-secret" {
			t.Errorf("%.20q: %v, key %q", bad, err, key.get())
		}
		if k, err := NewKeyCredential(bad); err == nil || k != nil {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				_ = key.Update("bmV3IGtleQ==")
				_ = key.get()
			}
		})
	}
	wg.Wait()
	if string(key.get()) != "new key" {
		t.Errorf("key = %q", key.get())
	}
	for _, k := range []*KeyCredential{nil, {}} {
		if _, err := NewClientWithKey(testHost, k, nil); err == nil {
			t.Error("a client without a key")
		}
	}
}
