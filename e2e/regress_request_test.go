package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/attack"
	"github.com/getkin/kin-openapi/openapi3"
)

// hostsChangeNothing. Twenty hosts give the same to a good token, to a bad one and to none.
func hostsChangeNothing(t *testing.T, s *target) {
	bad := attack.Mint(s.world.V2(), attack.Set("aud", attack.StrangerID))
	hosts := []string{"localhost", "127.0.0.1", "[::1]", "evil.example", "login.microsoftonline.com", "graph.microsoft.com", "sts.windows.net", attack.APIID, "api." + attack.APIID, attack.StrangerID, "communication.azure.com",
		"a", "a:1", "a.b.c:65535", "LOCALHOST", "xn--e1afmkfd.example", "169.254.169.254", "metadata.google.internal", "acsauth", "livez"}
	for _, host := range hosts {
		to := func(m message) message { return m.without("Host").with("Host: " + host) }
		s.expect(t, host, "", to(s.message(s.getUser(), s.good(s.getUser()))))
		s.expect(t, host, "token_audience", to(s.message(s.getUser(), bad)))
		s.expect(t, host, "token_missing", to(s.message(s.getUser())))
	}
}

// probeAgents: R-20.
func probeAgents(t *testing.T, s *target) {
	for _, agent := range []string{"kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "AlwaysOn", "HealthCheck/1.0", "ReadyForRequest/1.0 (HealthCheck)", "Edge Health Probe", "Azure Traffic Manager Endpoint Monitor", "Amazon-Route53-Health-Check-Service", "Consul Health Check", "Prometheus/2.50", "curl/8",
		"Wget/1.21", "Go-http-client/1.1", "Envoy/HC", "HAProxy", "nginx-health", "UptimeRobot/2.0", "Pingdom.com_bot", "StatusCake", "Datadog Agent", "NewRelicPinger", "Site24x7", "oauth2-proxy", "Traefik", "Knative-Activator-Probe", "istio-probe", "linkerd-probe", "LoadBalancer", ""} {
		s.expect(t, agent, "token_missing", s.message(s.getToken()).with("User-Agent: "+agent))
	}
}

// forwardingHeaders: R-21.
func forwardingHeaders(t *testing.T, s *target) {
	fields := []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost", "X-Forwarded-Proto: https", "X-Forwarded-Uri: /livez", "X-Forwarded-Prefix: /livez", "X-Forwarded-Port: 443", "X-Forwarded-Server: a", "X-Forwarded-User: alice", "X-Forwarded-Email: alice@example.com", "X-Forwarded-Groups: admin",
		"X-Forwarded-Preferred-Username: alice", "X-Forwarded-Method: GET", "X-Original-URL: /livez", "X-Original-Uri: /livez", "X-Rewrite-URL: /livez", "X-Real-IP: 127.0.0.1", "X-Client-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1", "X-Azure-ClientIP: 127.0.0.1", "X-Azure-FDID: x",
		"Forwarded: for=127.0.0.1;proto=https;host=localhost", "Via: 1.1 localhost", "X-Envoy-Internal: true", "X-Internal: true"}
	for _, r := range s.routes {
		for _, f := range fields {
			s.expect(t, r.String()+" "+f, "token_missing", s.message(r).with(f))
		}
	}
	id := s.identity(t, s.good(s.getUser()))
	for _, f := range fields {
		if a := s.expect(t, f, "", s.message(s.getUser(), s.good(s.getUser())).with(f)); !strings.Contains(string(a.body), id) {
			t.Errorf("%s: another identity: %s", f, a)
		}
	}
}

// probePaths: R-22.
func probePaths(t *testing.T, s *target) {
	for _, at := range []string{"/livez%23/../getToken", "/livez/../getToken", "/livez%2f..%2fgetToken", "/livez;/getToken", "/livez%3f/getToken", "//getToken", "/livez/getToken", "/getToken/livez", "/getToken%3fx=/livez", "/getToken;x=/livez", "/getToken%23/livez", "/./getToken", "/readyz/..;/getToken", "/LIVEZ", "/livez/"} {
		s.expect(t, at, "route_not_found", s.message(s.getToken()).to("GET", at))
	}
	for _, at := range []string{"/getToken?x=/livez", "/getToken?/livez", "/getToken?livez", "/getToken?path=/openapi.yaml"} {
		s.expect(t, at, "token_missing", s.message(s.getToken()).to("GET", at))
		s.expect(t, at, "request_malformed", s.message(s.getToken(), s.good(s.getToken())).to("GET", at))
	}
	s.expect(t, "the probe itself", "", s.message(s.getToken()).to("GET", "/livez"))
}

// fieldTwins: R-23.
func fieldTwins(t *testing.T, s *target) {
	token := s.good(s.getUser())
	for _, name := range []string{"Authorization_", "_Authorization", "HTTP_AUTHORIZATION", "AUTHORIZATION_"} {
		s.expect(t, name, "token_missing", s.message(s.getUser()).with(name+": Bearer "+token))
		s.expect(t, name+" beside", "", s.message(s.getUser(), token).with(name+": Bearer x"))
	}
	r := s.at("POST", "/exchangeToken")
	s.expect(t, "teams_user_aad_token", "teams_token_missing", s.message(r, token).without(teamsField).with("teams_user_aad_token: "+s.teamsFor(nil)))
	a := s.expect(t, "X_Request_Id", "", s.message(s.getUser(), token).with("X_Request_Id: mine"))
	if a.header.Get("X-Request-Id") == "mine" {
		t.Error("X_Request_Id is taken for X-Request-Id")
	}
	if a := s.expect(t, "Content_Length", "", s.message(s.getUser(), token).with("Content_Length: 5", "Transfer_Encoding: chunked")); a.status != 200 {
		t.Errorf("%s", a)
	}
}

// cutTokens: R-31. Every prefix and every suffix.
func cutTokens(t *testing.T, s *target) {
	jwt := s.good(s.getUser())
	var parts []string
	for i := range len(jwt) - 1 {
		parts = append(parts, jwt[:i+1], jwt[i+1:])
	}
	result := newScores()
	eachOnWire(s, parts, func(w *wire, _ int, part string) {
		a, err := w.send(s.message(s.getUser(), part).String())
		expect := refused(a.code)
		if err == nil && (a.status < 400 || !strings.HasPrefix(a.code, "token_")) {
			err = fmt.Errorf("%s", a)
		}
		result.judge('D', fmt.Sprintf("%d of %d bytes", len(part), len(jwt)), expect, a, err)
	})
	result.report(t)
}

// cancelledRequests: R-33. Two users ask at once, and many of them leave early.
func cancelledRequests(t *testing.T, s *target) {
	tokens, ids := make([]string, 2), make([]string, 2)
	for i := range tokens {
		tokens[i] = attack.Mint(s.world.V2(), attack.Set("oid", fmt.Sprintf("33000000-0000-4000-8000-%012d", i+1)))
		ids[i] = s.identity(t, tokens[i])
	}
	var answered, cancelled, foreign atomic.Int64
	room := make(chan struct{}, 32)
	var wg sync.WaitGroup
	for n := range scaled(2000, 200_000) {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			ctx := t.Context()
			if n%3 == 0 {
				var stop context.CancelFunc
				ctx, stop = context.WithTimeout(ctx, rand.N(3*time.Millisecond))
				defer stop()
			}
			path := []string{"/getUser", "/api/user", "/getToken"}[rand.IntN(3)]
			req, err := http.NewRequestWithContext(ctx, "GET", s.Server+path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+tokens[n%2])
			resp, err := client.Do(req)
			if err != nil {
				cancelled.Add(1)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			switch {
			case err != nil:
				cancelled.Add(1)
			case strings.Contains(string(body), ids[1-n%2]) || !strings.Contains(string(body), ids[n%2]):
				foreign.Add(1)
			default:
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("%d answers, %d cancelled", answered.Load(), cancelled.Load())
	if foreign.Load() != 0 || answered.Load() == 0 || cancelled.Load() == 0 || ids[0] == ids[1] {
		t.Errorf("%d answers that are not of their caller, identities %v", foreign.Load(), ids)
	}
}

// quietLog: R-37. Good and bad requests at level debug; the log is searched at the end of all cases, and here once before.
func quietLog(t *testing.T, _ *target) {
	s := startTarget(t, nil)
	for _, r := range s.routes {
		w := &wire{addr: s.addr}
		if a, err := w.send(s.message(r, s.good(r)).String()); err != nil || !passed(a) {
			t.Errorf("%s: %s, %v", r, a, err)
		}
		w.close()
		s.expect(t, r.String(), "token_audience", s.message(r, attack.Mint(s.world.V2(), r.base(), attack.Set("aud", attack.StrangerID))))
	}
	s.kill()
	s.checkLog(t)
	if s.log.Len() == 0 {
		t.Error("there is no log")
	}
}

// tokenInURL: R-38.
func tokenInURL(t *testing.T, _ *target) {
	s := startTarget(t, nil)
	for _, r := range s.routes {
		token := s.good(r)
		for _, query := range []string{"access_token=" + token, "Access_Token=" + token, "x=y&access%5Ftoken=" + token} {
			s.expect(t, r.String(), "token_malformed", s.message(r).to(r.method, r.path+"?"+query))
			s.expect(t, r.String(), "token_malformed", s.message(r, token).to(r.method, r.path+"?"+query))
		}
	}
	s.kill()
	s.checkLog(t)
}

// documentedMembers: R-39.
func documentedMembers(t *testing.T, s *target) {
	doc, err := openapi3.NewLoader().LoadFromFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.routes {
		w := &wire{addr: s.addr}
		a, err := w.send(s.message(r, s.good(r)).String())
		w.close()
		if err != nil || len(a.body) == 0 || a.status >= 300 {
			continue // other cases see to those
		}
		var got map[string]any
		if err := json.Unmarshal(a.body, &got); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		known := doc.Paths.Value(r.path).GetOperation(r.method).Responses.Status(a.status).Value.Content["application/json"].Schema.Value.Properties
		for name := range got {
			if known[name] == nil {
				t.Errorf("%s: the member %q is not documented", r, name)
			}
		}
	}
}

var heapForm = regexp.MustCompile(`(?m)^go_memstats_heap_inuse_bytes (\S+)$`)

// heap is what the program's heap holds, the least of a few looks.
func (s *target) heap(t *testing.T) float64 {
	t.Helper()
	var all []float64
	for range 5 {
		resp, err := client.Get(s.Metrics)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		m := heapForm.FindSubmatch(b)
		if err != nil || m == nil {
			t.Fatalf("no heap in the metrics: %v", err)
		}
		n, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return slices.Min(all)
}

// anonymousFlood: R-40.
func anonymousFlood(t *testing.T, s *target) {
	n := scaled(10_000, 1_000_000)
	flood := func(n int) {
		eachOnWire(s, make([]struct{}, n), func(w *wire, i int, _ struct{}) {
			m := s.message(s.getToken()).with(fmt.Sprintf("X-Request-Id: anonymous-%d", i), fmt.Sprintf("Origin: https://%d.example", i))
			if i%2 == 0 {
				m = m.with(fmt.Sprintf("Authorization: Bearer a.%d.c", i))
			}
			if a, err := w.send(m.String()); err != nil || a.status != 401 {
				t.Errorf("%s, %v", a, err)
			}
		})
	}
	flood(n / 10)
	before := s.heap(t)
	flood(n)
	grown := s.heap(t) - before
	t.Logf("%d requests, the heap grew by %.1f MiB", n, grown/(1<<20))
	if grown > 5<<20 {
		t.Errorf("the heap grew by %.1f MiB", grown/(1<<20))
	}
}

// noAnonymousMode: R-49.
func noAnonymousMode(t *testing.T, s *target) {
	for _, r := range s.routes {
		s.expect(t, r.String(), "token_missing", s.message(r))
	}
	for _, name := range settingNames(t) {
		if regexp.MustCompile(`ANONYM|NO_?AUTH|DISABLE|BYPASS`).MatchString(name) {
			t.Errorf("there is a setting %s", name)
		}
	}
}
