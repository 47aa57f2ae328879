package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

// answers is a server whose /readyz has a status and a body.
func answers(status int, body string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	return mux
}

// health runs the command with settings, and with two faults in others, which must not count.
func health(t *testing.T, env ...string) (code int, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), []string{"healthcheck"}, append(env, "ACSAUTH_TENANT_IDS=common", "ACSAUTH_STORE_SECRET_FILE=/gone"), &out, &errs)
	if out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}
	return code, errs.String()
}

func TestHealthcheck(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		code   int
		stderr string
	}{
		{200, `{"status":"ready"}`, cli.OK, ""},
		{503, `{"status":"unready","failing":["keys","store"]}`, cli.Failure, "acsauth: the service is not ready: [\"keys\" \"store\"]\n"},
		{404, "nothing here", cli.Failure, "acsauth: the service answers 404 Not Found\n"},
		{302, "", cli.Failure, "acsauth: the service answers 302 Found\n"},
	} {
		srv := httptest.NewServer(answers(c.status, c.body))
		_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
		for _, listen := range []string{"127.0.0.1:" + port, ":" + port, "0.0.0.0:" + port, "[::]:" + port} {
			// A proxy is not asked about this machine.
			code, stderr := health(t, "ACSAUTH_LISTEN="+listen, "HTTP_PROXY=http://127.0.0.1:1")
			if code != c.code || stderr != c.stderr {
				t.Errorf("%d at %s: exit code %d, %s", c.status, listen, code, stderr)
			}
		}
		srv.Close()
		if code, stderr := health(t, "PORT="+port); code != cli.Failure || !strings.Contains(stderr, "does not answer at http://127.0.0.1:"+port+"/readyz") {
			t.Errorf("nobody listens: exit code %d, %s", code, stderr)
		}
	}
	if code, stderr := health(t, "ACSAUTH_LISTEN=here"); code != cli.Usage || !strings.HasPrefix(stderr, "acsauth: ACSAUTH_LISTEN: ") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// certificateFor writes a certificate for names, and returns it with its key.
func certificateFor(t *testing.T, path string, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestHealthcheckWithTLS(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	srv := httptest.NewUnstartedServer(answers(200, ""))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificateFor(t, file("own.pem"), "*.contoso.com")}}
	srv.StartTLS()
	defer srv.Close()
	certificateFor(t, file("other.pem"), "*.contoso.com")
	certificateFor(t, file("nameless.pem"))
	if err := os.WriteFile(file("text.pem"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code int
		said string
	}{
		{"own.pem", cli.OK, ""},
		{"other.pem", cli.Failure, "does not answer"},
		{"nameless.pem", cli.Usage, "ACSAUTH_TLS_CERTIFICATE: "},
		{"text.pem", cli.Usage, "ACSAUTH_TLS_CERTIFICATE: no certificate can be read"},
		{"gone.pem", cli.Usage, "ACSAUTH_TLS_CERTIFICATE: open "},
	} {
		code, stderr := health(t, "ACSAUTH_LISTEN="+srv.Listener.Addr().String(), "ACSAUTH_TLS_CERTIFICATE="+file(c.name), "ACSAUTH_TLS_KEY=/not/needed")
		if code != c.code || !strings.Contains(stderr, c.said) {
			t.Errorf("%s: exit code %d, %s", c.name, code, stderr)
		}
	}
}
