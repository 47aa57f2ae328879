package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// issuersFile describes the other issuers of the world for ACSAUTH_ISSUERS.
func issuersFile(t *testing.T, w attack.World) string {
	t.Helper()
	common := func(name, kind string, more map[string]any) map[string]any {
		m := map[string]any{"name": name, "kind": kind, "audiences": []string{attack.APIID}, "clients": []string{attack.SPAID}}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	b, err := json.Marshal(map[string]any{"issuers": []any{
		common("customers", "external-id", map[string]any{"authority": w.Host, "tenant": attack.TenantCIAM}),
		common("old-customers", "b2c", map[string]any{"authority": w.Host, "tenant": attack.TenantB2C, "policies": []string{attack.B2CPolicy}}),
		common("partner", "oidc", map[string]any{"issuer": w.Host + "/realms/main"}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Four issuers of four kinds use one kid and one audience. A token of each passes, and no token passes that takes its key, its issuer
// or its form from another one.
func TestAttackIssuers(t *testing.T) {
	s := startTargetWith(t, func(s *target, env map[string]string) {
		s.authority.PublishOthers(s.world)
		env["ACSAUTH_ISSUERS"] = issuersFile(t, s.world)
	})
	list, seen, n := s.world.Others(), map[string]string{}, 0
	for _, o := range list {
		a := s.as(t, o.Name, "", attack.Mint(o.Token()))
		if other, ok := seen[string(a.body)]; ok {
			t.Errorf("%s and %s are one user", o.Name, other)
		}
		seen[string(a.body)] = o.Name
	}
	w := &wire{addr: s.addr}
	defer w.close()
	for _, o := range list {
		for _, other := range list {
			if o.Name == other.Name {
				continue
			}
			foreignKey := attack.Mint(o.Token(), attack.By(other.Token().Key))
			s.as(t, o.Name+" with the key of "+other.Name, "token_signature", foreignKey)
			for name, jwt := range map[string]string{
				"names %s, form and key of its own":  attack.Mint(o.Token(), attack.Set("iss", other.Issuer)),
				"names %s, with its key, form alone": attack.Mint(o.Token(), attack.Set("iss", other.Issuer), attack.By(other.Token().Key), attack.Set("tid", attack.TenantX), attack.Set("tfp", "b2c_1_other"), attack.Del("sub")),
			} {
				a, err := w.send(s.message(s.getUser(), jwt).String())
				if err != nil || a.status != 401 && a.status != 403 || !a.isProblem() || leak(a, []string{jwt}) != "" {
					t.Errorf("%s "+name+": %s, %v", o.Name, other.Name, a, err)
				}
				n++
			}
			n++
		}
	}
	for _, o := range list[1:] {
		for name, c := range map[string]struct {
			code string
			edit attack.Edit
		}{
			"audience":      {"token_audience", attack.Set("aud", attack.StrangerID)},
			"audience list": {"token_audience", attack.Set("aud", []any{attack.StrangerID, 1})},
			"expired":       {"token_expired", attack.All(attack.At("iat", -7200), attack.At("nbf", -7200), attack.At("exp", -3600))},
			"none":          {"token_invalid", attack.HSet("alg", "none")},
			"jwk":           {"token_invalid", attack.HSet("jwk", attack.JWK("same", &attack.Ring()[0].PublicKey, nil))},
			"issuer":        {unknownIssuer(o), attack.Set("iss", "https://evil.example/realms/main")},
			"signature":     {"token_signature", attack.Signing(func(k *attack.Token, text string) []byte { return attack.RS256(k.Key, text+"x") })},
		} {
			s.as(t, fmt.Sprintf("%s: %s", o.Name, name), c.code, attack.Mint(o.Token(), c.edit))
			n++
		}
	}
	t.Logf("%d bad tokens, %d good ones", n, len(list))
	s.health(t)
}

// unknownIssuer is the code for a token of o with an issuer that nobody configured. If it has a tid, that is looked at first.
func unknownIssuer(o attack.Other) string {
	if o.Token().Claims["tid"] != nil {
		return "token_tenant"
	}
	return "token_issuer"
}
