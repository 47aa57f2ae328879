package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/attack"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/testkit"
)

// planted are the markers of one run, and what of them must be looked for in what.
type planted struct {
	oid, name, mail, sub, ip string
	fault                    string // what ACS says in its errors
	auditKey                 string
	all                      *scanner // all but fault, and each token that was sent or issued
	answers                  *scanner // fault: the log may hold what ACS says, as far as it is no secret, and an answer may not
	tokens                   int
}

func plant() *planted {
	random := func(what string) string { return what + "-" + rand.Text()[:16] }
	p := &planted{oid: fmt.Sprintf("0b1ec7ed-%04x-4a11-8b0b-5ca1ab1ec0de", time.Now().UnixNano()&0xffff), name: random("Xaviera"), mail: random("xav") + "@planted.example", sub: random("pairwise"),
		ip: "2001:db8:77aa:bb99:ccdd:eeff:1122:3344", fault: random("upstream"), auditKey: base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text()))}
	p.all = newScanner(marker{"the user's oid", p.oid}, marker{"the user's name", p.name}, marker{"the user's e-mail address", p.mail}, marker{"the user's sub", p.sub}, marker{"the address in the token", p.ip},
		marker{"the audit key", p.auditKey}, marker{"the ACS key", emulator.AccessKeyPrimary}, marker{"the other ACS key", emulator.AccessKeySecondary})
	p.answers = newScanner(marker{"the upstream's text", p.fault})
	return p
}

// person is the edit that makes a token one of the planted user, with a number for more of them.
func (p *planted) person(n int) attack.Edit {
	return attack.All(attack.Set("oid", fmt.Sprintf("%s%02d", p.oid[:len(p.oid)-2], n%100)), attack.Set("name", p.name), attack.Set("given_name", p.name), attack.Set("email", p.mail), attack.Set("upn", p.mail),
		attack.Set("preferred_username", p.mail), attack.Set("unique_name", p.mail), attack.Set("login_hint", p.sub), attack.Set("sid", p.sub), attack.Set("sub", p.sub), attack.Set("ipaddr", p.ip))
}

// sent notes a token whose signature and user must not show up. The parts of it that all tokens share are no secret.
func (p *planted) sent(jwt string) string {
	parts := strings.Split(jwt, ".")
	if last := parts[len(parts)-1]; len(last) > 40 {
		p.all.add(marker{"the signature of a token", last})
		p.tokens++
	}
	return jwt
}

// issued notes the ACS token of a good answer.
func (p *planted) issued(body []byte) {
	var a struct{ Token string }
	if json.Unmarshal(body, &a) == nil && len(a.Token) > 40 && strings.Count(a.Token, ".") == 2 {
		p.all.add(marker{"an issued token", a.Token[strings.LastIndexByte(a.Token, '.')+1:]})
		p.tokens++
	}
}

// store settings whose secret is planted, too.
func markerStores(t *testing.T) map[string]map[string]string {
	pg := startPostgres(t, parts.PostgresOptions{})
	return map[string]map[string]string{
		"sqlite":   {},
		"postgres": changed(postgresPlaces(pg)(t).env, "ACSAUTH_STORE_SECRET", "planted-password-"+rand.Text()),
	}
}

// K-01: good and bad requests to every route, faults of ACS, a kill, and a stop, at log level debug. Nothing that was
// planted is in the log, on the standard output, in the audit log, in the metrics, in the telemetry, or in an answer that is no success.
func TestMarkersShowNowhere(t *testing.T) {
	for name, store := range markerStores(t) {
		t.Run(name, func(t *testing.T) {
			p := plant()
			if secret := store["ACSAUTH_STORE_SECRET"]; secret != "" {
				p.all.add(marker{"the store's password", secret})
			}
			audit := filepath.Join(t.TempDir(), "audit.log")
			collector := testkit.StartCollector(t)
			s := startTarget(t, changed(store, "ACSAUTH_AUDIT", "file:"+audit, "ACSAUTH_AUDIT_KEYS", p.auditKey, "ACSAUTH_ALLOWED_ORIGINS", "https://app.contoso.com",
				"OTEL_EXPORTER_OTLP_ENDPOINT", collector.HTTP))
			p.drive(t, s)
			p.faults(t, s)
			metrics := scrape(t, s.process)
			s.kill()
			first := s.log.String()                     // read when nobody writes it any more
			again := start(t, s.env, "serve", "--json") // after kill -9, on the same data
			_, s.addr, _ = strings.Cut(again.Server, "://")
			p.drive(t, s)
			p.stop(t, again)
			files, err := filepath.Glob(audit + "*")
			if err != nil || len(files) == 0 {
				t.Fatalf("no audit log: %v", err)
			}
			logs := first + again.log.String()
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				p.all.clean(t, "the audit log", string(text))
				logs += string(text)
			}
			p.all.clean(t, "the log", logs)
			p.all.clean(t, "the metrics", metrics)
			sent := collector.Text()
			p.all.clean(t, "the telemetry", sent)
			if len(logs) < 20_000 || len(sent) < 100_000 || p.tokens < 30 || !strings.Contains(logs, `"level":"DEBUG"`) {
				t.Errorf("%d bytes of log, %d tokens: the test shows nothing", len(logs), p.tokens)
			}
			t.Logf("%d KiB of log and audit log, %d KiB of metrics, %d KiB of telemetry, %d tokens, %d windows", len(logs)>>10, len(metrics)>>10, len(sent)>>10, p.tokens, len(p.all.windows))
		})
	}
}

// stop ends a program as an operator does, and looks at what is left on its standard output.
func (p *planted) stop(t *testing.T, s *process) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(s.stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("stopped with %v\n%s", err, s.log)
	}
	p.all.clean(t, "the standard output", string(rest))
}

// drive sends every route a good request and a list of bad ones.
func (p *planted) drive(t *testing.T, s *target) {
	t.Helper()
	w := &wire{addr: s.addr}
	defer w.close()
	send := func(name string, m message) {
		a, err := w.send(m.String())
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case a.status >= 300:
			p.all.clean(t, name+": the answer", string(a.body)+fmt.Sprint(a.header))
		default:
			p.issued(a.body)
			p.all.clean(t, name+": the header of the answer", fmt.Sprint(a.header))
		}
	}
	for n, r := range s.routes {
		person := attack.All(r.base(), p.person(n))
		teams := func(m message, edits ...attack.Edit) message {
			if !r.teams {
				return m
			}
			return m.without(teamsField).with(teamsField + ": " + p.sent(attack.Mint(s.world.Teams(), append([]attack.Edit{p.person(n)}, edits...)...)))
		}
		token := p.sent(attack.Mint(s.world.V2(), person))
		send(r.String(), teams(s.message(r, token)))
		for name, edits := range p.badTokens() {
			send(r.String()+" "+name, teams(s.message(r, p.sent(attack.Mint(s.world.V2(), append([]attack.Edit{person}, edits...)...)))))
		}
		send(r.String()+" v1", teams(s.message(r, p.sent(attack.Mint(s.world.V1(), person)))))
		send(r.String()+" half a token", s.message(r, token[:len(token)/2]))
		send(r.String()+" token in the URL", s.message(r).to(r.method, r.path+"?access_token="+token))
		send(r.String()+" two tokens", s.message(r, token, token))
		send(r.String()+" basic", s.message(r).with("Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(p.mail+":"+p.fault))))
		send(r.String()+" token elsewhere", s.message(r).with("Cookie: t="+token, "X-Access-Token: "+token, "Referer: https://a.example/?t="+token, "User-Agent: "+p.mail))
		if r.body != "" {
			for _, body := range []string{`{"scopes":["` + p.mail + `"]}`, `{"teamsUserAadToken":"` + token + `"}`, `{"user":{"tenantId":"` + attack.TenantA + `","objectId":"` + p.oid + `x"}}`, `{"identity":"` + p.mail + `"}`, token, `{"a":"` + token} {
				send(r.String()+" bad body", teams(s.message(r, token)).sending(body))
			}
		}
		if r.teams {
			for name, edit := range map[string]attack.Edit{"expired": attack.At("exp", -7200), "of another user": attack.Set("oid", attack.Bob), "with another audience": attack.Set("aud", attack.StrangerID)} {
				send(r.String()+" Teams token "+name, teams(s.message(r, token), edit))
			}
		}
	}
	for _, m := range []string{"GET /nowhere/" + p.mail, "GET /getUser/" + p.oid, "GET /livez?who=" + p.mail, "OPTIONS /getToken", "TRACE /getUser", "GET /openapi.yaml", "GET /readyz"} {
		send(m, message{line: m + " HTTP/1.1", fields: []string{"Host: " + s.addr, "Origin: https://" + strings.ToLower(p.name) + ".example"}})
	}
}

// badTokens are edits that get a token refused, each at another step of the check.
func (p *planted) badTokens() map[string][]attack.Edit {
	return map[string][]attack.Edit{
		"expired": {attack.At("iat", -7200), attack.At("nbf", -7200), attack.At("exp", -3600)}, "audience": {attack.Set("aud", attack.StrangerID)}, "issuer": {attack.Set("iss", "https://evil.example/v2.0")},
		"tenant": {attack.Set("tid", attack.TenantX)}, "scope": {attack.Set("scp", "other")}, "client": {attack.Set("azp", attack.StrangerID)}, "signature": {attack.By(attack.Ring()[3])}, "none": {attack.HSet("alg", "none")},
		"kid": {attack.HSet("kid", "nobody-s-key")}, "no user": {attack.Del("oid")}, "no subject": {attack.Set("oid", p.mail)}, "id token": {attack.Set("nonce", p.sub), attack.Set("aud", attack.SPAID), attack.Del("scp")},
		"guest": {attack.Set("acct", 1)}, "app": {attack.Set("idtyp", "app"), attack.Set("roles", []string{"Other.Role"})}, "version": {attack.Set("ver", "3.0")}, "time": {attack.Set("exp", p.name)},
	}
}

// faults has ACS fail in every way, with planted text in what it says.
func (p *planted) faults(t *testing.T, s *target) {
	t.Helper()
	doc := fmt.Sprintf(`{"error":{"code":%q,"message":%q,"target":%q,"innererror":{"code":%q}}}`, "Denied", p.fault+" "+emulator.AccessKeyPrimary, p.fault, p.fault)
	for n, fault := range []struct {
		status int
		body   string
	}{{400, doc}, {500, doc}, {503, doc}, {429, doc}, {404, p.fault}, {201, `{"identity":{"id":"` + p.fault + `"}}`}, {200, doc}, {302, p.fault}, {401, doc}, {403, doc}} {
		answer := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for _, name := range []string{"WWW-Authenticate", "Location", "X-Ms-Error-Code", "MS-CV", "Retry-After"} {
				w.Header().Set(name, p.fault)
			}
			w.WriteHeader(fault.status)
			_, _ = io.WriteString(w, fault.body)
		}
		s.instead(answer, func() {
			w := &wire{addr: s.addr}
			defer w.close()
			for m, r := range []route{s.at("POST", "/getToken"), s.at("POST", "/api/user"), s.at("DELETE", "/api/user"), s.at("POST", "/exchangeToken"), s.at("POST", "/revokeTokens")} {
				msg := s.message(r, p.sent(attack.Mint(s.world.V2(), p.person(40+10*m+n))))
				if r.teams {
					msg = msg.without(teamsField).with(teamsField + ": " + p.sent(attack.Mint(s.world.Teams(), p.person(40+10*m+n))))
				}
				a, err := w.send(msg.String())
				if err != nil {
					t.Errorf("%d %s: %v", fault.status, r, err)
					continue
				}
				for _, scan := range []*scanner{p.all, p.answers} {
					scan.clean(t, fmt.Sprintf("%d from ACS, %s: the answer", fault.status, r), string(a.body)+fmt.Sprint(a.header))
				}
			}
		})
	}
}

func scrape(t *testing.T, s *process) string {
	t.Helper()
	resp, err := client.Get(s.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || len(b) < 1000 {
		t.Fatalf("metrics: %d bytes, %v", len(b), err)
	}
	return string(b)
}

// secretSettings are the settings with a secret, each with a planted one, in the right form or not.
func secretSettings(secret string) map[string][]string {
	key := base64.StdEncoding.EncodeToString([]byte(secret))
	return map[string][]string{
		"ACSAUTH_ACS_CONNECTION_STRING": {"endpoint=https://contoso.communication.azure.com/;accesskey=" + key, "endpoint=https://contoso.communication.azure.com;accesskey=" + secret + "%", "accesskey=" + key, key, "endpoint=" + key,
			"endpoint=https://u:" + secret + "@contoso.communication.azure.com;accesskey=" + key},
		"ACSAUTH_ACS_CONNECTION_STRING_2": {"endpoint=https://contoso.communication.azure.com/;accesskey=" + key, "endpoint=https://other.communication.azure.com/;accesskey=" + key, secret},
		"ACSAUTH_STORE_SECRET":            {secret},
		"ACSAUTH_CLIENT_SECRET":           {secret, "keyvault:" + secret},
		"ACSAUTH_CLIENT_CERTIFICATE":      {secret, "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----"},
		"ACSAUTH_GRAPH_MAC_KEYS":          {key, key + "," + key, secret},
		"ACSAUTH_AUDIT_KEYS":              {key, secret, key + ",x"},
	}
}

// K-01 for settings: whatever is wrong with a secret, in whatever place it was put, neither check nor serve shows it.
func TestSecretsInSettingsShowNowhere(t *testing.T) {
	program := production(t)
	secret := "Planted~" + rand.Text() + "~end"
	s := newScanner(marker{"the secret", secret}, marker{"the key", base64.StdEncoding.EncodeToString([]byte(secret))})
	runs := 0
	try := func(name string, pairs ...string) {
		for _, store := range []string{"sqlite:a.db", "postgres://u@127.0.0.1:1/d", "graph:", "tables:https://127.0.0.1:1/t", "cosmos:https://127.0.0.1:1/d/c"} {
			r := runToEnd(t, program, changed(productionEnv(), append([]string{"ACSAUTH_STORE", store}, pairs...)...), "check")
			s.clean(t, name+": check, standard output", r.stdout)
			s.clean(t, name+": check, standard error", r.stderr)
			runs++
			if r.code == 0 { // serve would go on
				continue
			}
			r = runToEnd(t, program, changed(productionEnv(), append([]string{"ACSAUTH_STORE", store}, pairs...)...), "serve")
			s.clean(t, name+": serve", r.stdout+r.stderr)
			runs++
		}
	}
	for name, values := range secretSettings(secret) {
		for _, value := range values {
			try(name, name, value)
		}
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(values[len(values)-1]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		try(name+"_FILE", name, "", name+"_FILE", file)
	}
	try("a password in the name of the store", "ACSAUTH_STORE", "postgres://u:"+secret+"@127.0.0.1:1/d")
	try("a secret under a name that is none", "ACSAUTH_ACS_KEY", secret)
	for _, args := range [][]string{{"check", "--ping"}, {"mappings", "list"}} { // with upstreams that do not answer
		r := runToEnd(t, program, changed(productionEnv(), "ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://127.0.0.2:1/;accesskey="+base64.StdEncoding.EncodeToString([]byte(secret)), "ACSAUTH_STORE", "postgres://u@127.0.0.1:1/d", "ACSAUTH_STORE_SECRET", secret), args...)
		s.clean(t, strings.Join(args, " "), r.stdout+r.stderr)
		runs++
	}
	t.Logf("%d runs", runs)
}
