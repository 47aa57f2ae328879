package acsauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

func TestUserKeyHashIsUnambiguous(t *testing.T) {
	keys := []acsauth.UserKey{{Issuer: "ab", Subject: "c"}, {Issuer: "a", Subject: "bc"}, {Issuer: "abc"}, {Subject: "abc"}, {Issuer: "AB", Subject: "c"}, {}}
	seen := map[string]acsauth.UserKey{}
	for _, k := range keys {
		h := k.Hash()
		if len(h) != 64 || h != k.Hash() {
			t.Errorf("hash of %q is %q", k, h)
		}
		if other, dup := seen[h]; dup {
			t.Errorf("%#v and %#v have one hash", k, other)
		}
		seen[h] = k
	}
}

func TestIdentityForm(t *testing.T) {
	good := "8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081"
	if id := acsauth.Identity(good); !id.Valid() || id.Resource() != "2dee53b4-368b-45b4-ab52-8493fb117652" {
		t.Errorf("%s: valid %v, resource %q", id, id.Valid(), id.Resource())
	}
	for _, bad := range []string{"", "8:acs:", "8:acs:r", "8:acs:r_", "8:acs:_u", "8:orgid:" + good, "8:acs:r_u/../x", "8:acs:r_u\n", "8:acs:r_u?x",
		"28:acs:r_u", "8:acs:r u_x", "8:acs:" + strings.Repeat("r", 65) + "_u", "8:acs:r_" + strings.Repeat("u", 250)} {
		if id := acsauth.Identity(bad); id.Valid() || id.Resource() != "" {
			t.Errorf("%q is taken for an identity", bad)
		}
	}
}

func TestSecretsStayOutOfText(t *testing.T) {
	const secret = "eyJhbGciOi.secret.token"
	var log strings.Builder
	l := slog.New(slog.NewTextHandler(&log, nil))
	token := acsauth.AccessToken{Token: secret, ExpiresOn: time.Unix(0, 0)}
	teams := acsauth.TeamsToken{Token: secret}
	key := acsauth.UserKey{Issuer: secret, Subject: secret}
	l.Info("x", "token", token, "teams", teams, "key", key)
	for _, v := range []any{token, teams} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			fmt.Fprintf(&log, verb, v)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("a secret is in the text: %s", log.String())
	}
}

func TestKinds(t *testing.T) {
	cause := errors.New("dial tcp: refused")
	err := fmt.Errorf("outer: %w", &acsauth.Error{Kind: acsauth.Throttled, Code: "acs_throttled", Op: "broker.IssueToken", Err: cause})
	if !errors.Is(err, acsauth.Throttled) || errors.Is(err, acsauth.Timeout) || !errors.Is(err, cause) {
		t.Error("an Error must unwrap to its kind and its cause, and to no other kind")
	}
	if acsauth.KindOf(err) != acsauth.Throttled || acsauth.KindOf(cause) != acsauth.Internal {
		t.Error("KindOf")
	}
	if !strings.Contains(err.Error(), "acs_throttled") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the text for the log says too little: %s", err)
	}
	if !errors.Is(&acsauth.Error{Kind: acsauth.Conflict}, acsauth.Conflict) || acsauth.Kind(200).Error() != "internal" {
		t.Error("kinds without a cause or a name")
	}
}

func TestFence(t *testing.T) {
	m := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "i", Subject: "s"}, State: acsauth.Pending, Attempt: "a", Identity: "x"}
	same := m
	same.Generation, same.Lease, same.Resource = 9, time.Hour, "r"
	if !m.Fenced(same) {
		t.Error("generation, lease and resource are not part of the fence")
	}
	for i, change := range []func(*acsauth.Mapping){
		func(m *acsauth.Mapping) { m.Key.Issuer = "I" }, func(m *acsauth.Mapping) { m.State = acsauth.Active },
		func(m *acsauth.Mapping) { m.Attempt = "b" }, func(m *acsauth.Mapping) { m.Identity = "y" },
	} {
		other := m
		change(&other)
		if m.Fenced(other) {
			t.Errorf("change %d is not seen by the fence", i)
		}
	}
}
