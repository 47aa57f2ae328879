package entra

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const maxWorkloadLifetime = 24 * time.Hour

// workloadKey is the key of the workload issuer. It is made at first use: RSA keys take their time.
type workloadKey struct {
	mu  sync.Mutex
	key *signingKey
}

func (k *workloadKey) get() (*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		return k.key, nil
	}
	key, err := newSigningKey()
	if err == nil {
		k.key = key
	}
	return key, err
}

// workloadIssuer is an OpenID Connect issuer beside Entra, as a Kubernetes cluster is one.
func (s *Service) workloadIssuer() string { return s.Base() + "/workload" }

// WorkloadToken signs a service-account token of the workload issuer, like the one in AZURE_FEDERATED_TOKEN_FILE. The lifetime is
// from 1 s to 24 h. The first call is as slow as making an RSA key.
func (s *Service) WorkloadToken(subject, audience string, lifetime time.Duration) (string, error) {
	if subject == "" || audience == "" || len(subject)+len(audience) > 1024 {
		return "", fmt.Errorf("entra: a workload token needs a subject and an audience of together at most 1024 bytes")
	}
	if lifetime < time.Second || lifetime > maxWorkloadLifetime {
		return "", fmt.Errorf("entra: the lifetime of a workload token is 1s to %v, not %v", maxWorkloadLifetime, lifetime)
	}
	key, err := s.flow.workload.get()
	if err != nil {
		return "", err
	}
	now := s.now()
	c := emu.Claims{
		"iss": s.workloadIssuer(), "sub": subject, "aud": []string{audience}, "jti": newGUID(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	if rest, ok := strings.CutPrefix(subject, "system:serviceaccount:"); ok {
		namespace, name, _ := strings.Cut(rest, ":")
		c["kubernetes.io"] = map[string]any{"namespace": namespace, "serviceaccount": map[string]string{"name": name}}
	}
	s.counts.add("workload")
	return key.sign(header{Typ: "JWT", Alg: "RS256", Kid: key.kid}, c)
}

// workloadMetadata is the discovery document of the workload issuer.
func (s *Service) workloadMetadata(w http.ResponseWriter, _ *http.Request) {
	writeMetadata(w, map[string]any{
		"issuer":                                s.workloadIssuer(),
		"jwks_uri":                              s.workloadIssuer() + "/openid/v1/jwks",
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

// workloadKeys lists the key of the workload issuer.
func (s *Service) workloadKeys(w http.ResponseWriter, _ *http.Request) {
	key, err := s.flow.workload.get()
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	writeMetadata(w, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid,
		"n": base64.RawURLEncoding.EncodeToString(key.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.key.E)).Bytes()),
	}}})
}
