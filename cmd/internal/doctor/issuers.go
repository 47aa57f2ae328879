package doctor

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/service"
)

// callerSettings begin the names of the settings that say whose tokens are accepted.
var callerSettings = []string{"ACSAUTH_TENANT_IDS", "ACSAUTH_ANY_TENANT", "ACSAUTH_CLIENT_ID", "ACSAUTH_AUDIENCES", "ACSAUTH_ALLOWED_CLIENTS",
	"ACSAUTH_AUTHORITY_HOST", "ACSAUTH_ISSUERS", "ACSAUTH_SCOPE"}

// entra looks at the issuers, and then at what needs them.
func (e *exam) entra(ctx context.Context) {
	if e.wrong(callerSettings...) {
		for _, id := range []string{"issuer.reach", "issuer.metadata", "issuer.keys", "clock.issuer", "app.credential", "app.permission", "app.consent", "token"} {
			e.skip(id, "", "the settings of the callers have faults")
		}
		return
	}
	sources := e.pinger.KeySources()
	well := make([]health, len(sources))
	var wg sync.WaitGroup
	room := make(chan struct{}, 8) // a tenant each, of which there may be many
	for i, s := range sources {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			well[i] = e.issuer(ctx, s)
		})
	}
	wg.Wait()
	all := health{reached: true, clock: true}
	for _, h := range well {
		all.reached, all.clock = all.reached && h.reached, all.clock && h.clock
	}
	e.app(ctx, all)
	e.token(ctx, all)
}

// A health says what of an issuer others may build on.
type health struct{ reached, clock bool }

func (e *exam) issuer(ctx context.Context, s service.KeySource) (h health) {
	h.clock = true
	skip := func(why string, ids ...string) {
		for _, id := range ids {
			e.skip(id, s.What, why)
		}
	}
	a, err := e.get(ctx, s.Metadata, "")
	if err != nil {
		seen, what := unreached(err, "ACSAUTH_AUTHORITY_HOST, or the issuer's entry in the file of ACSAUTH_ISSUERS")
		e.bad("issuer.reach", s.What, Fault, seen, what)
		skip("the issuer is not reached", "issuer.metadata", "issuer.keys", "clock.issuer")
		return h
	}
	e.ok("issuer.reach", s.What, "answers")
	h.clock = e.clock("clock.issuer", s.What, a)
	if seen, what, bad := strange(s, a); bad {
		e.bad("issuer.metadata", s.What, Fault, seen, what)
		skip("there is no metadata", "issuer.keys")
		return h
	}
	ctx, cancel := context.WithTimeout(ctx, min(e.Timeout, 5*time.Second))
	defer cancel()
	if _, err := e.pinger.Keys(ctx, s); err != nil {
		e.bad("issuer.metadata", s.What, Fault, err.Error(), advice{"see that the authority is the one that signs the tokens: issuer and keys must belong to it", "ACSAUTH_AUTHORITY_HOST, or the issuer's entry in the file of ACSAUTH_ISSUERS"})
		skip("the metadata are not accepted", "issuer.keys")
		return h
	}
	h.reached = true
	e.ok("issuer.metadata", s.What, "read, the issuer is the expected one")
	e.keys(ctx, s, a.body)
	return h
}

var aadsts = regexp.MustCompile(`AADSTS([0-9]{1,9})\b`)

// strange explains an answer that is no metadata.
func strange(s service.KeySource, a answer) (string, advice, bool) {
	number := ""
	if m := aadsts.FindSubmatch(a.body); m != nil {
		number = string(m[1])
	}
	var doc struct {
		Issuer string `json:"issuer"`
	}
	switch {
	case number == "90002" || s.Entra && (a.status == http.StatusBadRequest || a.status == http.StatusNotFound):
		return "Entra ID knows no such tenant (status " + strconv.Itoa(a.status) + ", AADSTS90002): the id is wrong, or of another cloud",
			advice{"copy the directory (tenant) id; for another cloud set its authority, too", "ACSAUTH_TENANT_IDS, ACSAUTH_AUTHORITY_HOST; portal: Microsoft Entra ID, Overview; az account show --query tenantId"}, true
	case a.status/100 == 3:
		return fmt.Sprintf("it sends elsewhere (status %d), which is not followed", a.status), advice{"set the address that it sends to, or look for a proxy with a sign-in page", "ACSAUTH_AUTHORITY_HOST"}, true
	case a.status != http.StatusOK:
		return fmt.Sprintf("it answers with status %d", a.status), advice{"correct the address of the issuer, or wait if it has a fault", "ACSAUTH_AUTHORITY_HOST, or the issuer's entry in the file of ACSAUTH_ISSUERS"}, true
	case json.Unmarshal(a.body, &doc) != nil || doc.Issuer == "":
		return "what answers is not an issuer's metadata; a proxy with a page of its own looks so", advice{"correct the address, or except it from the proxy", "ACSAUTH_AUTHORITY_HOST"}, true
	}
	return "", advice{}, false
}

// keys counts the signing keys, and tells their age if their certificates do.
func (e *exam) keys(ctx context.Context, s service.KeySource, metadata []byte) {
	var doc struct {
		Keys string `json:"jwks_uri"`
	}
	var set struct {
		Keys []struct {
			Use string   `json:"use"`
			X5C []string `json:"x5c"`
		} `json:"keys"`
	}
	_ = json.Unmarshal(metadata, &doc) // strange has read it
	a, err := e.get(ctx, doc.Keys, "")
	if err != nil || json.Unmarshal(a.body, &set) != nil {
		e.skip("issuer.keys", s.What, "the keys were loaded once, and not a second time")
		return
	}
	usable, newest := 0, time.Time{}
	for _, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}
		usable++
		if from := issued(k.X5C); from.After(newest) {
			newest = from
		}
	}
	seen := fmt.Sprintf("%d keys for signatures", usable)
	if !newest.IsZero() {
		seen += ", the newest certificate is of " + newest.UTC().Format(time.DateOnly)
	}
	e.ok("issuer.keys", s.What, seen)
}

// issued is when a certificate of a key set begins, or zero.
func issued(chain []string) time.Time {
	if len(chain) == 0 {
		return time.Time{}
	}
	der, err := base64.StdEncoding.DecodeString(chain[0])
	if err != nil {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return time.Time{}
	}
	return cert.NotBefore
}
