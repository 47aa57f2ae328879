package e2e

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// provocations are the ways to see what docs/troubleshooting.md shows, by the name in its marks.
func provocations() map[string]func(*scene) answered {
	all := map[string]func(*scene) answered{}
	for _, group := range []map[string]func(*scene) answered{
		flawedTokens(), refusedCallers(), refusedExchanges(), limitsReached(), upstreamTroubles(), graphTroubles(), identityTroubles(), startTroubles(),
	} {
		maps.Copy(all, group)
	}
	return all
}

// flawedTokens are bearer tokens that the service refuses.
func flawedTokens() map[string]func(*scene) answered {
	all := map[string]func(*scene) answered{
		"no token":  func(s *scene) answered { return s.ask("GET /getUser", "") },
		"no jwt":    func(s *scene) answered { return s.ask("GET /getUser", "abc") },
		"two words": func(s *scene) answered { return s.ask("GET /getUser", "a b") },
		"api uri": func(s *scene) answered {
			return s.ask("GET /getUser", s.token(emulator.TokenRequest{Audience: "api://" + emulator.APIClientID}))
		},
		"teams as bearer": func(s *scene) answered { return s.ask("GET /getUser", s.token(emulator.TokenRequest{Teams: true})) },
		"client secret": func(s *scene) answered {
			form := "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token=" + s.alice()
			return s.ask("POST /oauth2/token "+form, "", "Authorization", "Basic YTpi")
		},
		"keys withdrawn": func(s *scene) answered {
			old := s.alice()
			s.well("GET /getUser", old)
			if err := s.emu.RotateKeys(true); err != nil {
				s.Fatal(err)
			}
			return s.with().ask("GET /getUser", old)
		},
	}
	for _, flaw := range []emulator.Flaw{
		emulator.FlawExpired, emulator.FlawNotYetValid, emulator.FlawLongLived, emulator.FlawAudience, emulator.FlawIssuer, emulator.FlawTenant,
		emulator.FlawNoObjectID, emulator.FlawNoScope, emulator.FlawIDToken, emulator.FlawAppOnly, emulator.FlawGraph, emulator.FlawUnknownKey, emulator.FlawSignature,
	} {
		all["flaw "+strings.ToLower(string(flaw))] = func(s *scene) answered { return s.ask("GET /getUser", s.token(emulator.TokenRequest{Flaw: flaw})) }
	}
	return all
}

// refusedCallers have a good token and may not.
func refusedCallers() map[string]func(*scene) answered {
	return map[string]func(*scene) answered{
		"other client": func(s *scene) answered {
			return s.ask("GET /getUser", s.token(emulator.TokenRequest{Client: "ac5a0000-0000-4000-a000-0000000000ff"}))
		},
		"guest": func(s *scene) answered {
			return s.with("ACSAUTH_ALLOW_GUESTS", "false").ask("GET /getUser", s.token(emulator.TokenRequest{User: "gail"}))
		},
		"no role": func(s *scene) answered { return s.with("ACSAUTH_ROLES", "Chat.User").ask("GET /getUser", s.alice()) },
		"policy": func(s *scene) answered {
			path := filepath.Join(s.TempDir(), "policy.json")
			text := `{"version":1,"mode":"enforce","rules":[{"name":"members","when":{"kinds":["member"]},"allow":{"operations":["getUser","getToken"],"scopes":["chat"]}}],"default":{"deny":"Members only."}}`
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				s.Fatal(err)
			}
			return s.with("ACSAUTH_POLICY", path).ask("GET /getUser", s.token(emulator.TokenRequest{User: "gail"}))
		},
		"acs scope": func(s *scene) answered {
			return s.with("ACSAUTH_SCOPES", "chat").ask(`POST /getToken {"scopes":["voip"]}`, s.alice())
		},
		"admin off": func(s *scene) answered { return s.ask(`POST /api/admin/lookup {"user":{}}`, s.alice()) },
		"admin client": func(s *scene) answered {
			return s.with("ACSAUTH_ADMIN_CLIENTS", emulator.DaemonClientID).ask(`POST /api/admin/lookup {"user":{}}`, s.alice())
		},
		"admin no role": func(s *scene) answered {
			return s.with("ACSAUTH_ADMIN_CLIENTS", emulator.SPAClientID).ask(`POST /api/admin/lookup {"user":{}}`, s.alice())
		},
		"preflight": func(s *scene) answered {
			return s.ask("OPTIONS /getToken", "", "Origin", "https://app.contoso.com", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		},
		"origin": func(s *scene) answered { return s.ask("GET /getUser", s.alice(), "Origin", "https://app.contoso.com") },
		"origin slash": func(s *scene) answered {
			return s.check("ACSAUTH_ALLOWED_ORIGINS", "https://app.contoso.com/")
		},
	}
}

// refusedExchanges are Teams tokens that are not exchanged.
func refusedExchanges() map[string]func(*scene) answered {
	exchange := func(r emulator.TokenRequest) func(*scene) answered {
		return func(s *scene) answered {
			bearer := s.alice()
			if r.User == "carol" {
				bearer = s.token(emulator.TokenRequest{User: "carol"})
			}
			return s.ask("POST /exchangeToken", bearer, "teams-user-aad-token", s.token(r))
		}
	}
	return map[string]func(*scene) answered{
		"no teams token":   func(s *scene) answered { return s.ask("POST /exchangeToken", s.alice()) },
		"teams jwt":        func(s *scene) answered { return s.ask("POST /exchangeToken", s.alice(), "teams-user-aad-token", "abc") },
		"teams audience":   exchange(emulator.TokenRequest{}),
		"teams scope":      exchange(emulator.TokenRequest{Teams: true, Scopes: []string{"Teams.ManageCalls"}}),
		"teams other user": exchange(emulator.TokenRequest{Teams: true, User: "bob"}),
		"teams tenant":     exchange(emulator.TokenRequest{Teams: true, User: "fred"}),
		"teams client":     exchange(emulator.TokenRequest{Teams: true, Client: "ac5a0000-0000-4000-a000-0000000000ff"}),
		"teams old":        exchange(emulator.TokenRequest{Teams: true, ExpiresIn: 30 * time.Second}),
		"teams no licence": exchange(emulator.TokenRequest{Teams: true, User: "carol"}),
		"teams any client": func(s *scene) answered {
			return s.with("ACSAUTH_ALLOWED_CLIENTS", "*", "ACSAUTH_TEAMS_CLIENTS", "").ask("POST /exchangeToken", s.alice(), "teams-user-aad-token", s.token(emulator.TokenRequest{Teams: true}))
		},
	}
}

// limitsReached are answers 429, and 503 of a full house.
func limitsReached() map[string]func(*scene) answered {
	twice := func(setting string) func(*scene) answered {
		return func(s *scene) answered {
			s.with(setting, "1/1h").well("GET /getUser", s.alice())
			return s.ask("GET /getUser", s.alice())
		}
	}
	return map[string]func(*scene) answered{
		"limit user": twice("ACSAUTH_LIMIT_USER"), "limit tenant": twice("ACSAUTH_LIMIT_TENANT"), "limit address": twice("ACSAUTH_LIMIT_ADDRESS"),
		"limit creates": func(s *scene) answered {
			s.with("ACSAUTH_LIMIT_CREATES", "1/24h").well("POST /getUser", s.alice())
			s.well("DELETE /api/user", s.alice())
			return s.ask("POST /getUser", s.alice())
		},
		"quota": func(s *scene) answered {
			s.with("ACSAUTH_ACS_QUOTA", "1", "ACSAUTH_REPLICAS", "10", "ACSAUTH_ACS_QUEUE", "0s", "ACSAUTH_LIMIT_USER", "off")
			s.well("POST /getUser", s.alice())
			for range 100 {
				if a := s.ask("POST /refreshToken", s.alice()); a.members["status"] != http.StatusOK {
					return a
				}
			}
			return answered{}
		},
		"acs 429": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			s.fault("issue", -1, emulator.Fault{Status: 429, RetryAfter: "20"})
			return s.ask("POST /refreshToken", s.alice())
		},
		"full house": func(s *scene) answered {
			s.with("ACSAUTH_MAX_IN_FLIGHT", "1").well("POST /getUser", s.alice())
			under, free := make(chan struct{}), make(chan struct{})
			s.emu.SetFault(func(op string) emulator.Fault {
				if op == "issue" {
					close(under)
					<-free
				}
				return emulator.Fault{}
			})
			done := make(chan struct{})
			go func() { defer close(done); _, _ = call("POST", s.server.Server+"/refreshToken", s.alice(), nil, nil) }()
			<-under
			a := s.ask("GET /getUser", s.alice())
			close(free)
			<-done
			return a
		},
	}
}

// fault has requests of ACS, Graph or Entra ID meet it.
func (s *scene) fault(op string, times int, f emulator.Fault) {
	s.Helper()
	if err := s.emu.AddFault(op, times, f); err != nil {
		s.Fatal(err)
	}
}

// upstreamTroubles are Entra ID's keys, ACS and the store out of order.
func upstreamTroubles() map[string]func(*scene) answered {
	acs := func(op string, f emulator.Fault) func(*scene) answered {
		return func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			s.fault(op, -1, f)
			return s.ask("POST /refreshToken", s.alice())
		}
	}
	return map[string]func(*scene) answered{
		"entra down": func(s *scene) answered {
			bearer := s.alice()
			s.fault("entra.*", -1, emulator.Fault{Status: 503})
			s.env["ACSAUTH_LISTEN"] = freePort(s.T)
			s.server = launch(s.T, devBinary, s.env, "serve") // which says where it is once it has keys
			s.server.Server = "http://" + s.env["ACSAUTH_LISTEN"]
			awaitReady(s.T, s.server, http.StatusServiceUnavailable)
			return s.ask("GET /getUser", bearer)
		},
		"acs wrong key": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			for _, slot := range []emulator.KeySlot{emulator.PrimaryKey, emulator.SecondaryKey} {
				if _, err := s.emu.RegenerateKey(slot); err != nil {
					s.Fatal(err)
				}
			}
			return s.ask("POST /refreshToken", s.alice())
		},
		"acs clock": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			bearer := s.token(emulator.TokenRequest{ExpiresIn: 10 * time.Hour})
			if err := s.emu.Advance(time.Hour); err != nil {
				s.Fatal(err)
			}
			return s.ask("POST /refreshToken", bearer)
		},
		"acs rejects": acs("issue", emulator.Fault{Status: 400}), "acs down": acs("issue", emulator.Fault{Status: 503}),
		"acs slow": acs("issue", emulator.Fault{Delay: time.Minute}),
		"lost reply": func(s *scene) answered {
			s.fault("create", 2, emulator.Fault{DropAfter: true})
			return s.ask("POST /getUser", s.alice())
		},
		"database down": func(s *scene) answered {
			pg := startPostgres(s.T, parts.PostgresOptions{})
			maps.Copy(s.env, postgresPlaces(pg)(s.T).env)
			s.well("POST /getUser", s.alice())
			if err := pg.Halt(); err != nil {
				s.Fatal(err)
			}
			return s.ask("POST /getUser", s.alice())
		},
	}
}

// graphTroubles are those of the graph store, which signs in at Entra ID on behalf of the user.
func graphTroubles() map[string]func(*scene) answered {
	meets := func(o emulator.EntraObstacle) func(*scene) answered {
		return func(s *scene) answered {
			s.graph()
			if err := s.emu.SetEntra(o); err != nil {
				s.Fatal(err)
			}
			return s.ask("POST /getUser", s.alice())
		}
	}
	fault := func(op string, f emulator.Fault) func(*scene) answered {
		return func(s *scene) answered {
			s.graph().fault(op, -1, f)
			return s.ask("POST /getUser", s.alice())
		}
	}
	return map[string]func(*scene) answered{
		"no consent":   meets(emulator.EntraObstacle{ConsentWithdrawn: true}),
		"step up":      meets(emulator.EntraObstacle{Claims: `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`}),
		"assertion":    meets(emulator.EntraObstacle{Code: 50173}),
		"user refused": meets(emulator.EntraObstacle{Code: 50057}),
		"client secret expired": func(s *scene) answered {
			return s.graph("ACSAUTH_CLIENT_SECRET", "an old one").ask("POST /getUser", s.alice())
		},
		"graph denied": fault("graph.*", emulator.Fault{Status: 403}), "graph rejects": fault("graph.*", emulator.Fault{Status: 400}),
		"graph busy": fault("graph.*", emulator.Fault{Status: 429, RetryAfter: "20"}), "graph down": fault("graph.*", emulator.Fault{Status: 503}),
		"entra busy": fault("entra.token", emulator.Fault{Status: 429, RetryAfter: "20"}), "entra token down": fault("entra.token", emulator.Fault{Status: 503}),
	}
}

// graph starts the service with the graph store.
func (s *scene) graph(pairs ...string) *scene {
	s.Helper()
	maps.Copy(s.env, graphEnv("delegated")(s.T))
	maps.Copy(s.env, changed(nil, "ACSAUTH_GRAPH_URL", s.emu.URL(), "ACSAUTH_CLIENT_SECRET", emulator.APIClientSecret,
		"ACSAUTH_GRAPH_MAC_KEYS", "b25lIGtleSBmb3IgdGhlIG1hcHBpbmdzIG9mIHRlc3RzLg=="))
	return s.with(pairs...)
}

// identityTroubles are mappings that do not fit what ACS has.
func identityTroubles() map[string]func(*scene) answered {
	return map[string]func(*scene) answered{
		"no identity": func(s *scene) answered { return s.ask("GET /api/token", s.alice()) },
		"moved keys": func(s *scene) answered {
			s.with("ACSAUTH_ACS_RESOURCE", "").well("POST /getUser", s.alice())
			return s.with("ACSAUTH_ACS_RESOURCE", "another-resource").ask("POST /getToken", s.alice())
		},
		"not owned": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			if err := s.emu.SetACS(emulator.ACSBehaviour{Disown: true}); err != nil {
				s.Fatal(err)
			}
			return s.ask("POST /getToken", s.alice())
		},
		"deleted behind": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			acs := (&process{ready: ready{ConnectionString: s.emu.ConnectionString()}}).acs(s.T)
			if _, err := acs.DeleteIdentity(s.Context(), acsauth.Identity(s.emu.Identities()[0].ID), nil); err != nil {
				s.Fatal(err)
			}
			return s.ask("POST /getToken", s.alice())
		},
		"still deleting": func(s *scene) answered {
			s.well("POST /getUser", s.alice())
			s.fault("delete", -1, emulator.Fault{Status: 503})
			if a := s.ask("DELETE /api/user", s.alice()); a.members["status"] != http.StatusAccepted {
				s.Fatalf("%v", a.members)
			}
			return s.ask("POST /getUser", s.alice())
		},
	}
}

// startTroubles are what the programs say instead of starting, or of the settings.
func startTroubles() map[string]func(*scene) answered {
	return map[string]func(*scene) answered{
		"sqlite in use": func(s *scene) answered {
			s.with()
			r := runToEnd(s.T, devBinary, s.env, "serve")
			return answered{text: r.stdout + r.stderr}
		},
		"emulator key": func(s *scene) answered {
			return s.check("ACSAUTH_ACS_CONNECTION_STRING", "endpoint=https://contoso.communication.azure.com/;accesskey="+emulator.AccessKeyPrimary)
		},
		"common": func(s *scene) answered { return s.check("ACSAUTH_TENANT_IDS", "common") },
		"slip":   func(s *scene) answered { return s.check("ACSAUTH_TENNANT_IDS", "x") },
		"certificate": func(s *scene) answered {
			dir := s.TempDir()
			writeCertificate(s.T, filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key"), 1)
			writeCertificate(s.T, filepath.Join(dir, "b.crt"), filepath.Join(dir, "b.key"), 2)
			return s.check("ACSAUTH_TLS_CERTIFICATE", filepath.Join(dir, "a.crt"), "ACSAUTH_TLS_KEY", filepath.Join(dir, "b.key"))
		},
	}
}

// check is what the production program says about settings that are good but for these.
func (s *scene) check(pairs ...string) answered {
	s.Helper()
	r := runToEnd(s.T, production(s.T), changed(productionEnv(), pairs...), "check")
	return answered{text: r.stdout + r.stderr}
}
