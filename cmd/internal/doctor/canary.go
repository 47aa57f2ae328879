package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// Deleting the canary is tried this often, with time of its own: it must not stay.
const (
	deleteTries = 3
	deleteTime  = 10 * time.Second
)

// canary makes one identity, uses it, and deletes it whatever happens in between.
func (e *exam) canary(ctx context.Context) {
	if !e.Canary {
		e.skip("acs.canary", "", "give --canary to make one identity, which is deleted at once")
		return
	}
	client, err := e.pinger.ACSClient(0)
	if err != nil {
		e.bad("acs.canary", "", Fault, err.Error(), advice{"correct the credential", acsSettings})
		return
	}
	making, cancel := e.bounded(ctx)
	defer cancel()
	created, err := client.CreateIdentity(making, nil)
	id := created.Identity
	if id == "" {
		seen := "no identity was made: " + errText(err)
		if sentAndUnclear(err) {
			seen = "it is not known whether an identity was made, and ACS does not say which: " + errText(err)
		}
		e.bad("acs.canary", "", Fault, seen, advice{"see whether Azure reports a fault, and run the doctor again", "https://azure.status.microsoft"})
		return
	}
	used := e.useCanary(ctx, client, id)
	e.release(ctx, client, id, used)
}

// useCanary issues a token for the identity and revokes it.
func (e *exam) useCanary(ctx context.Context, client *acsidentity.Client, id acsauth.Identity) error {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	if want := e.cfg.ACSResource; isGUID(want) && !strings.HasPrefix(string(id), "8:acs:"+want+"_") {
		return errors.New("the identity is of another resource than ACSAUTH_ACS_RESOURCE says")
	}
	if _, err := client.IssueToken(ctx, id, []acsauth.Scope{acsauth.ScopeChat}, nil); err != nil {
		return fmt.Errorf("no token was issued for it: %w", err)
	}
	if _, err := client.RevokeTokens(ctx, id, nil); err != nil {
		return fmt.Errorf("its tokens were not revoked: %w", err)
	}
	return nil
}

// release deletes the canary, even after a signal to stop, and reports what became of it.
func (e *exam) release(ctx context.Context, client *acsidentity.Client, id acsauth.Identity, used error) {
	var err error
	for range deleteTries {
		deleting, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTime)
		_, err = client.DeleteIdentity(deleting, id, nil)
		cancel()
		if err == nil {
			break
		}
	}
	switch {
	case err != nil:
		e.bad("acs.canary", "", Fault, fmt.Sprintf("the identity %s was made and could not be deleted: %s", id, errText(err)),
			advice{"delete it: it is nobody's, and costs nothing while it stays", "az communication user-identity user delete --user " + string(id)})
	case used != nil:
		e.bad("acs.canary", "", Fault, "an identity was made and deleted, but "+errText(used), advice{"see whether Azure reports a fault, and that ACSAUTH_ACS_RESOURCE is the immutable id of this resource", "https://azure.status.microsoft; az communication show --name NAME --resource-group GROUP --query immutableResourceId"})
	default:
		e.ok("acs.canary", "", "one identity was made, got a token, had it revoked, and was deleted")
	}
}

// sentAndUnclear reports whether a create may have made an identity all the same.
func sentAndUnclear(err error) bool {
	a, ok := errors.AsType[*acsidentity.Error](err)
	return ok && a.Sent && (a.StatusCode == 0 || a.StatusCode < 300 || a.StatusCode == 408 || a.StatusCode >= 500)
}

func errText(err error) string {
	if err == nil {
		return "no reason was given"
	}
	return err.Error()
}

func isGUID(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }
