package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// bootEmulator starts acsauth-dev emulate --json on free ports.
func bootEmulator(t *testing.T, args ...string) (*running, emulatorInfo) {
	t.Helper()
	r := boot(t, nil, append([]string{"emulate", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	line, err := r.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, r.log)
	}
	var in emulatorInfo
	if err := json.Unmarshal([]byte(line), &in); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return r, in
}

// trusting is a client that trusts one file of certificates and nothing else.
func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(file)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s: %v", file, err)
	}
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// A script needs nothing else than the one line.
func TestEmulateJSON(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "it's ours.pem")
	_, in := bootEmulator(t, "--ca", ca)
	if len(in.Apps) != 7 || len(in.Tenants) != 4 || in.Tenants[0].Authority != in.Authority || in.Apps[2].Secret != emulator.DaemonClientSecret || in.ResourceID != emulator.ResourceID || in.AccessKeys["secondary"] != emulator.AccessKeySecondary {
		t.Errorf("%+v", in)
	}
	for _, name := range []string{"http", "https", "httpSecondary", "httpsSecondary"} {
		if s := in.ConnectionStrings[name]; !strings.HasPrefix(s, "endpoint="+name[:4]) || !strings.Contains(s, ";accesskey=") || strings.HasSuffix(s, emulator.AccessKeySecondary) != strings.HasSuffix(name, "Secondary") {
			t.Errorf("%s: %s", name, s)
		}
	}
	if in.TLS.CA != ca || in.SDK["NODE_EXTRA_CA_CERTS"] != ca || in.SDK["AZURE_AUTHORITY_HOST"] != in.TLS.URL || in.Issuer == "" {
		t.Errorf("%+v", in)
	}
	platforms := 0
	for _, l := range in.Trust {
		if l.Platform != "Chromium in a test" && !strings.Contains(l.Command, "ours.pem") || strings.HasPrefix(l.Command, "export") && !strings.HasSuffix(l.Command, `/it'\''s ours.pem'`) {
			t.Errorf("%+v", l)
		}
		platforms++
	}
	res, err := trusting(t, ca).Get(in.TLS.URL + "/common/v2.0/.well-known/openid-configuration")
	if err != nil || res.StatusCode != 200 || platforms < 9 {
		t.Fatalf("%v %v, %d platforms", res, err, platforms)
	}
	res.Body.Close()
	if got := call(t, "GET", in.Page); got.status != 200 || !strings.Contains(got.body, "<title>acsauth emulator") {
		t.Errorf("page: %d", got.status)
	}
}

// With a folder, whoever trusted the authority before a restart trusts it afterwards, and no one else can read the key.
func TestEmulateKeepsItsCertificate(t *testing.T) {
	dir := t.TempDir()
	first, in := bootEmulator(t, "--data", dir)
	old := trusting(t, in.TLS.CA)
	first.stop(t)
	if info, err := os.Stat(filepath.Join(dir, "tls.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	_, again := bootEmulator(t, "--data", dir)
	res, err := old.Get(again.TLS.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestEmulateForced(t *testing.T) {
	var out, log bytes.Buffer
	if code := run(t.Context(), []string{"emulate", "--listen", "0.0.0.0:0"}, nil, &out, &log); code != 2 || !strings.Contains(log.String(), "loopback only") || !strings.Contains(log.String(), "--force-listen") {
		t.Errorf("without --force-listen: %d %s", code, &log)
	}
	port := freePort(t)
	r := boot(t, nil, "emulate", "--json", "--force-listen", "--loose", "--listen", "0.0.0.0:"+port, "--admin-listen", "127.0.0.1:0", "--tls-listen", "off", "--public-url", "http://emulator:8081")
	line, err := r.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, r.log)
	}
	var in emulatorInfo
	if err := json.Unmarshal([]byte(line), &in); err != nil || !strings.HasPrefix(in.Issuer, "http://emulator:8081/") || in.ACS != "http://127.0.0.1:"+port {
		t.Errorf("%+v %v", in, err)
	}
	if s := r.log.String(); strings.Count(s, "EVERYBODY") != 1 || !strings.Contains(s, "loose") {
		t.Errorf("warnings: %s", s)
	}
	if code := run(t.Context(), []string{"emulate", "--healthcheck", "--admin-listen", strings.TrimPrefix(in.Admin, "http://")}, nil, &out, &log); code != 0 {
		t.Errorf("healthcheck: %d %s", code, &log)
	}
	if code := run(t.Context(), []string{"emulate", "--healthcheck", "--listen", "127.0.0.1:" + freePort(t)}, nil, &out, &log); code != 1 || !strings.Contains(log.String(), "does not answer") {
		t.Errorf("healthcheck of nothing: %d %s", code, &log)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	address, err := freePair("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Whoever reads the guide finds every line that is to be copied.
func TestEmulateGuide(t *testing.T) {
	r := boot(t, nil, "emulate", "--listen", "127.0.0.1:0")
	var text strings.Builder
	for !strings.Contains(text.String(), " serve\n") {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after:\n%s\n%s", err, &text, r.log)
		}
		text.WriteString(line)
	}
	for _, want := range []string{"NODE_EXTRA_CA_CERTS=", "certutil -user", "security add-trusted-cert", "update-ca-certificates", "keytool", "spki-list=", "/ui)", "connection      endpoint=http://", "over TLS        endpoint=https://"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the guide has no %q:\n%s", want, &text)
		}
	}
	if strings.Contains(text.String(), "{") {
		t.Errorf("a place is left open:\n%s", &text)
	}
	if _, err := r.lines.ReadString('\n'); err != nil { // the last, empty line
		t.Error(err)
	}
}
