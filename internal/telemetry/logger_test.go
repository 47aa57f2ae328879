package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJjYW5hcnkifQ.Y2FuYXJ5c2lnbmF0dXJl"

type stringer struct{}

func (stringer) String() string { return "canary " + jwt }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", "canary")) }

// TestRedaction: nothing under these keys, and nothing that looks like a token, gets into the log.
func TestRedaction(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var b bytes.Buffer
		log := NewLogger(&b, format, slog.LevelInfo)
		for _, key := range []string{"token", "Token", "access_token", "teams-user-aad-token", "Authorization", "secret", "clientSecret", "password",
			"key", "accessKey", "access_key", "connectionString", "connection_string", "assertion", "Set-Cookie", "credential", "x-ms-signature"} {
			log.Info("m", key, "canary")
			log.Info("m", key, errors.New("canary"))
			log.Info("m", key, []byte("canary"))
			log.Info("m", slog.Group(key, slog.String("a", "canary")))
			log.Info("m", key, valuer{})
			log.With(key, "canary").WithGroup("g").Info("m", key, struct{ A string }{"canary"})
			log.WithGroup(key).Info("m", "a", "canary")
		}
		log.Info("m "+jwt, "a", jwt, "b", "Bearer "+jwt+" end", "c", errors.New("x "+jwt), "d", stringer{}, "e", []byte(jwt), "f", jwt[:40])
		for _, secret := range []string{"eyJ", "Y2FuYXJ5"} {
			if strings.Contains(b.String(), secret) {
				t.Errorf("%s: the log holds %q: %s", format, secret, b.String())
			}
		}
		if n := strings.Count(b.String(), "canary"); n != 1 { // the words of stringer
			t.Errorf("%s: %d canaries: %s", format, n, b.String())
		}
	}
}

func TestHarmlessAttributesStay(t *testing.T) {
	var b bytes.Buffer
	when := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	NewLogger(&b, "json", slog.LevelInfo).Info("hello", "tokens", 3, "token_expires", when, "token_ok", true, "route", "/getToken",
		"error", errors.New("no eyJ here"), "took", time.Second)
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if m["tokens"] != 3.0 || m["token_expires"] != "2026-01-31T12:00:00Z" || m["token_ok"] != true || m["route"] != "/getToken" ||
		m["msg"] != "hello" || m["error"] != "no eyJ here" || m["took"] != 1e9 {
		t.Errorf("%s", b.String())
	}
}

func TestLevelAndFormat(t *testing.T) {
	var b bytes.Buffer
	log := NewLogger(&b, "text", slog.LevelWarn)
	log.Info("quiet")
	log.Warn("loud", "a", 1)
	if s := b.String(); strings.Contains(s, "quiet") || !strings.Contains(s, "level=WARN msg=loud a=1") {
		t.Errorf("%q", s)
	}
}

func TestRequestID(t *testing.T) {
	var b bytes.Buffer
	log := NewLogger(&b, "json", slog.LevelInfo).With("part", "x").WithGroup("g")
	log.InfoContext(WithRequestID(t.Context(), "id-1"), "with")
	log.InfoContext(t.Context(), "without")
	lines := strings.Split(b.String(), "\n")
	if !strings.Contains(lines[0], `"request_id":"id-1"`) || strings.Contains(lines[1], "request_id") {
		t.Errorf("%s", b.String())
	}
}
