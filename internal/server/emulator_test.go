package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/acs-solutions/acsauth/storetest"
)

// A site is the server and the emulator, each behind a socket.
type site struct {
	t   *testing.T
	emu *emulator.Emulator
	log *buffer
	url string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, emu: emulator.Start(t, emulator.Options{}), log: new(buffer)}
	log := telemetry.NewLogger(s.log, "json", slog.LevelDebug)
	authority, err := url.Parse(s.emu.URL())
	if err != nil {
		t.Fatal(err)
	}
	v, err := authn.New(authn.Options{AllowLoopback: true, Log: log, Issuers: []authn.Issuer{{
		AuthorityHost: authority.Scheme + "://" + authority.Host, TenantIDs: []string{emulator.TenantID},
		Audiences: []string{emulator.APIClientID, emulator.AppIDURI}, AllowedClients: []string{emulator.SPAClientID}}}})
	if err != nil {
		t.Fatal(err)
	}
	acs, err := acsidentity.NewClientFromConnectionString(s.emu.ConnectionString(), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := broker.New(broker.Options{Store: storetest.NewMemory(), ACS: acs, Resource: emulator.ResourceID, Log: log,
		Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP}})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Options{Verifier: v, Broker: b, Log: log, Endpoint: acs.Endpoint(), ScopeURI: emulator.AppIDURI + "/access_as_user"})
	if err != nil {
		t.Fatal(err)
	}
	s.serve(srv)
	return s
}

// serve runs the server on a socket until the test ends.
func (s *site) serve(srv *server.Server) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.url = "http://" + ln.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- srv.Serve(ctx, ln) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-result; err != nil {
			s.t.Errorf("Serve: %v", err)
		}
		noSecrets(s.t, s.log.String())
		for _, id := range []string{emulator.AliceObjectID, emulator.BobObjectID, emulator.AccessKeyPrimary} {
			if strings.Contains(s.log.String(), id) {
				s.t.Errorf("the log holds %s", id)
			}
		}
	})
}

func (s *site) mint(r emulator.TokenRequest) string {
	s.t.Helper()
	token, err := s.emu.MintToken(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *site) do(method, path, body, token string, edits ...edit) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for _, e := range edits {
		e(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	checkAnswer(s.t, req, resp.StatusCode, resp.Header, b)
	return answer{resp, b}
}

// TestWholeLife walks a user through all routes, with both versions of tokens.
func TestWholeLife(t *testing.T) {
	s := newSite(t)
	alice, old := s.mint(emulator.TokenRequest{}), s.mint(emulator.TokenRequest{Version: "1.0"})
	teams := header("teams-user-aad-token", s.mint(emulator.TokenRequest{Teams: true}))
	s.do("GET", "/api/token", "", alice).is(t, 404, "identity_not_found")
	created := s.do("POST", "/api/user", "", alice)
	created.is(t, 201, "")
	id := created.object(t)["acsUserIdentity"].(string)
	if again := s.do("GET", "/getUser", "", old); again.object(t)["rawId"] != id {
		t.Errorf("the first version of tokens gives another identity: %s", again.body)
	}
	for _, a := range []answer{s.do("GET", "/api/token", "", alice), s.do("POST", "/getToken", `{"scopes":["chat"]}`, alice), s.do("POST", "/refreshToken", "", old)} {
		user, _ := a.object(t)["user"].(map[string]any)
		if a.StatusCode >= 300 || user["communicationUserId"] != id {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if state := s.emu.TokenState(a.object(t)["token"].(string)); state != "active" {
			t.Errorf("ACS says of the token: %s", state)
		}
	}
	s.do("GET", "/api/token/teams", "", alice, teams).is(t, 201, "")
	s.do("POST", "/exchangeToken", "", s.mint(emulator.TokenRequest{User: "bob"}), teams).is(t, 403, "teams_token_user")
	s.do("POST", "/revokeTokens", "", alice).is(t, 204, "")
	s.do("DELETE", "/api/user", "", alice).is(t, 204, "")
	s.do("GET", "/api/user", "", alice).is(t, 404, "identity_not_found")
	s.do("GET", "/readyz", "", alice).is(t, 200, "")
}

// TestFlawedTokens: each flaw ends with its own code and, on no route, with anything else.
func TestFlawedTokens(t *testing.T) {
	s := newSite(t)
	for flaw, want := range map[emulator.Flaw]string{
		emulator.FlawExpired: "token_expired", emulator.FlawNotYetValid: "token_not_yet_valid", emulator.FlawLongLived: "token_lifetime",
		emulator.FlawAudience: "token_audience", emulator.FlawIssuer: "token_issuer", emulator.FlawTenant: "token_tenant",
		emulator.FlawNoObjectID: "token_subject", emulator.FlawIDToken: "token_is_id_token", emulator.FlawGraph: "token_for_graph",
		emulator.FlawUnknownKey: "token_key_unknown", emulator.FlawForeignKey: "token_signature", emulator.FlawSignature: "token_signature",
		emulator.FlawAlgNone: "token_invalid", emulator.FlawAlgHS256: "token_invalid", emulator.FlawNoKeyID: "token_invalid",
	} {
		token := s.mint(emulator.TokenRequest{Flaw: flaw})
		for _, path := range []string{"/getUser", "/getToken", "/api/token", "/exchangeToken"} {
			s.do("GET", path, "", token).is(t, 401, want)
		}
	}
	s.do("GET", "/getUser", "", s.mint(emulator.TokenRequest{User: "gail"})).is(t, 403, "token_guest")
	s.do("GET", "/getUser", "", s.mint(emulator.TokenRequest{Teams: true})).is(t, 401, "token_kind")
	if n := len(s.emu.Identities()); n != 0 {
		t.Errorf("%d identities were made", n)
	}
}
