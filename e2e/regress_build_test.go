package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"debug/buildinfo"
	"encoding/pem"
	"go/ast"
	"go/parser"
	"go/token"
	"go/version"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// eachSource parses every file of production code and calls f.
func eachSource(t *testing.T, f func(path string, file *ast.File)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "tools" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		n++
		f(filepath.ToSlash(path), file)
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("%d files: %v", n, err)
	}
}

var settingForm = regexp.MustCompile(`env:"(ACSAUTH_[A-Z0-9_]+)"`)

// settingNames are the settings of the program.
func settingNames(t *testing.T) (names []string) {
	t.Helper()
	b, err := os.ReadFile("../internal/config/config.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range settingForm.FindAllStringSubmatch(string(b), -1) {
		names = append(names, m[1])
	}
	if len(names) < 30 {
		t.Fatalf("there are only %d settings", len(names))
	}
	return names
}

// noUncheckedReading: R-03. Verify alone gives a caller.
func noUncheckedReading(t *testing.T, _ *target) {
	eachSource(t, func(path string, file *ast.File) {
		if !strings.HasPrefix(path, "../internal/authn/") {
			return
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			if regexp.MustCompile(`(?i)unverified|insecure|skip|parse`).MatchString(fn.Name.Name) && fn.Name.Name != "ParseKind" {
				t.Errorf("%s exports %s", path, fn.Name.Name)
			}
			if fn.Type.Results == nil || fn.Name.Name == "Verify" {
				continue
			}
			for _, r := range fn.Type.Results.List {
				if sel, ok := r.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Caller" {
					t.Errorf("%s: %s gives a caller, too", path, fn.Name.Name)
				}
			}
		}
	})
	for _, name := range settingNames(t) {
		if regexp.MustCompile(`INSECURE|SKIP|UNVERIFIED|NO_VERIFY`).MatchString(name) {
			t.Errorf("there is a setting %s", name)
		}
	}
}

// noInsecureTLS: R-48.
func noInsecureTLS(t *testing.T, _ *target) {
	eachSource(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "../internal/parts/") { // runs databases for tests, on loopback
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			name := ""
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok {
					name = id.Name
				}
			case *ast.AssignStmt:
				if sel, ok := n.Lhs[0].(*ast.SelectorExpr); ok {
					name = sel.Sel.Name
				}
			}
			if name == "InsecureSkipVerify" {
				t.Errorf("%s sets InsecureSkipVerify", path)
			}
			return true
		})
	})
}

// credentialChain: R-36.
func credentialChain(t *testing.T, _ *target) {
	atLeast(t, "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "v1.6.0")
	eachSource(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && (id.Name == "NewDefaultAzureCredential" || id.Name == "NewChainedTokenCredential") {
				t.Errorf("%s has %s", path, id.Name)
			}
			return true
		})
	})
}

// driverVersion: R-35.
func driverVersion(t *testing.T, _ *target) {
	atLeast(t, "github.com/jackc/pgx/v5", "v5.9.2")
	eachSource(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && strings.Contains(id.Name, "SimpleProtocol") {
				t.Errorf("%s has %s", path, id.Name)
			}
			return true
		})
	})
}

// atLeast looks at the modules in the program.
func atLeast(t *testing.T, module, least string) {
	t.Helper()
	info, err := buildinfo.ReadFile(devBinary)
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range info.Deps {
		if dep.Path != module {
			continue
		}
		// versions of Go compare as those of modules do, if they have three numbers
		if version.Compare("go"+strings.TrimPrefix(dep.Version, "v"), "go"+strings.TrimPrefix(least, "v")) < 0 {
			t.Errorf("%s is %s, needed is %s", module, dep.Version, least)
		}
		return
	}
	t.Errorf("%s is not in the program", module)
}

// goVersion: R-43.
func goVersion(t *testing.T, _ *target) {
	info, err := buildinfo.ReadFile(devBinary)
	if err != nil {
		t.Fatal(err)
	}
	if version.Compare(info.GoVersion, "go1.26.6") < 0 {
		t.Errorf("the program is built with %s, needed is go1.26.6", info.GoVersion)
	}
}

// emptyAudience: R-05.
func emptyAudience(t *testing.T, s *target) {
	for name, change := range map[string]map[string]string{
		"no client id":           {"ACSAUTH_CLIENT_ID": ""},
		"blank client id":        {"ACSAUTH_CLIENT_ID": " "},
		"audience of Microsoft":  {"ACSAUTH_AUDIENCES": "https://graph.microsoft.com"},
		"audience *":             {"ACSAUTH_AUDIENCES": "*"},
		"no allowed clients":     {"ACSAUTH_ALLOWED_CLIENTS": ""},
		"no tenant":              {"ACSAUTH_TENANT_IDS": ""},
		"tenant common":          {"ACSAUTH_TENANT_IDS": "common"},
		"client id of Microsoft": {"ACSAUTH_CLIENT_ID": "00000003-0000-0000-c000-000000000000"},
	} {
		env := map[string]string{}
		for k, v := range s.env {
			env[k] = v
		}
		for k, v := range change {
			env[k] = v
		}
		p := launch(t, devBinary, env, "serve", "--json")
		line := make(chan error, 1)
		go func() { line <- p.await() }()
		select {
		case err := <-line:
			if err == nil {
				t.Errorf("%s: the program starts", name)
				p.kill()
				continue
			}
		case <-time.After(30 * time.Second):
			t.Errorf("%s: the program neither starts nor ends", name)
			p.kill()
			continue
		}
		_ = p.cmd.Wait()
		if code := p.cmd.ProcessState.ExitCode(); code != 2 {
			t.Errorf("%s: exit code %d, want 2\n%s", name, code, p.log)
		}
	}
}

// tlsVersions: R-44.
func tlsVersions(t *testing.T, _ *target) {
	dir := t.TempDir()
	pool := makeCertificate(t, dir)
	s := startTarget(t, map[string]string{"ACSAUTH_TLS_CERTIFICATE": dir + "/cert.pem", "ACSAUTH_TLS_KEY": dir + "/key.pem"})
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if c, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: v}); err == nil {
			_ = c.Close()
			t.Errorf("a handshake with %s succeeds", tls.VersionName(v))
		}
	}
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: v, MaxVersion: v})
		if err != nil {
			t.Errorf("%s: %v", tls.VersionName(v), err)
			continue
		}
		_ = c.Close()
	}
}

// makeCertificate makes cert.pem and key.pem for localhost.
func makeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}
