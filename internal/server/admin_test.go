package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
	"github.com/google/go-cmp/cmp"
)

const daemonID = "50000000-0000-4000-8000-00000000000d"

// daemonClaims are those of a good token of a program.
func daemonClaims(roles ...string) claims {
	c := userClaims("60000000-0000-4000-8000-00000000000d").with("scp", nil).with("azp", daemonID).with("idtyp", "app")
	if len(roles) > 0 {
		c = c.with("roles", roles)
	}
	return c
}

func (w *world) daemon() edit { return w.bearer(daemonClaims("Identities.Manage")) }

const aliceBody = `{"user":{"tenantId":"` + tenantID + `","objectId":"` + aliceOID + `"}}`

// adminBodies are good bodies of the administration routes, with the identity %s.
var adminBodies = map[string]string{
	"/api/admin/lookup": aliceBody, "/api/admin/provision": aliceBody, "/api/admin/revoke": aliceBody, "/api/admin/delete": aliceBody,
	"/api/admin/find": `{"identity":"%s"}`, "/api/admin/resolve": `{"identities":["%s"]}`,
}

const nobodysIdentity = "8:acs:" + acsResource + "_nobody"

// admin sends what an administration route needs.
func admin(w *world, target, identity string, edits ...edit) answer {
	if len(edits) == 0 {
		edits = []edit{w.daemon()}
	}
	body := adminBodies[target]
	if strings.Contains(body, "%s") {
		body = fmt.Sprintf(body, identity)
	}
	return w.do("POST", target, body, edits...)
}

func TestAdminLifeOfAUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		admin(w, "/api/admin/lookup", "").is(t, 404, "identity_not_found")
		made := admin(w, "/api/admin/provision", "")
		made.is(t, 201, "")
		id, _ := made.object(t)["id"].(string)
		admin(w, "/api/admin/provision", "").is(t, 200, "")
		if got := w.do("GET", "/getUser", "", w.alice()); got.StatusCode != 200 || got.object(t)["id"] != id {
			t.Errorf("alice sees %d %s, provisioned was %s", got.StatusCode, got.body, id)
		}
		row := map[string]any{"state": "active", "acsUserIdentity": id, "resource": acsResource, "generation": 1.0}
		if diff := cmp.Diff(row, admin(w, "/api/admin/lookup", "").object(t)); diff != "" {
			t.Error(diff)
		}
		owner := map[string]any{"user": map[string]any{"issuer": authority + "/" + tenantID + "/v2.0", "subject": aliceOID},
			"state": "active", "acsUserIdentity": id, "resource": acsResource, "generation": 1.0}
		if diff := cmp.Diff(owner, admin(w, "/api/admin/find", id).object(t)); diff != "" {
			t.Error(diff)
		}
		users := `{"users":[{"tenantId":"` + tenantID + `","objectId":"` + bobOID + `"},{"issuer":"` + authority + "/" + tenantID + `/v2.0","subject":"` + aliceOID + `"}],"identities":["` + nobodysIdentity + `","` + id + `"]}`
		want := map[string]any{"users": []any{nil, row}, "identities": []any{nil, owner}}
		if diff := cmp.Diff(want, w.do("POST", "/api/admin/resolve", users, w.daemon()).object(t)); diff != "" {
			t.Error(diff)
		}
		admin(w, "/api/admin/revoke", "").is(t, 204, "")
		admin(w, "/api/admin/delete", "").is(t, 204, "")
		admin(w, "/api/admin/find", id).is(t, 404, "identity_not_found")
		w.do("GET", "/api/user", "", w.alice()).is(t, 404, "identity_not_found")
	})
}

// TestAdminIsDeniedByDefault: each of client, role and switch is needed, on each route.
func TestAdminIsDeniedByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		off := newWorld(t, func(o *serverOptions) { o.AdminClients = nil })
		for target := range adminBodies {
			needsManage := !strings.Contains("/api/admin/lookup /api/admin/find /api/admin/resolve", target)
			admin(w, target, nobodysIdentity, func(*http.Request) {}).is(t, 401, "token_missing")
			admin(off, target, nobodysIdentity, off.daemon()).is(t, 403, "admin_disabled")
			admin(w, target, nobodysIdentity, w.alice()).is(t, 403, "admin_client")
			admin(w, target, nobodysIdentity, w.bearer(userClaims(aliceOID).with("roles", []string{"Identities.Manage"}))).is(t, 403, "admin_client")
			admin(w, target, nobodysIdentity, w.bearer(daemonClaims("identities.manage", "Identities.Manage.All", "Identities"))).is(t, 403, "admin_role")
			admin(w, target, nobodysIdentity, w.bearer(userClaims(aliceOID).with("azp", daemonID))).is(t, 403, "admin_role")
			reader := admin(w, target, nobodysIdentity, w.bearer(daemonClaims("Identities.Read")))
			if refused := reader.StatusCode == 403; refused != needsManage {
				t.Errorf("%s: a reader gets %d %s", target, reader.StatusCode, reader.body)
			}
			person := admin(w, target, nobodysIdentity, w.bearer(userClaims(bobOID).with("azp", daemonID).with("roles", []string{"Identities.Manage"})))
			if person.StatusCode >= 500 || person.StatusCode == 403 {
				t.Errorf("%s: a person with the role gets %d %s", target, person.StatusCode, person.body)
			}
		}
		// The other way round, the role opens no route of users.
		w.do("GET", "/getUser", "", w.daemon()).is(t, 403, "token_app_only")
	})
}

func TestAdminBadInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		many := strings.TrimSuffix(strings.Repeat(`"`+nobodysIdentity+`",`, 101), ",")
		for target, bodies := range map[string][]string{
			"/api/admin/lookup": {"", "{}", `{"user":null}`, `{"user":"alice"}`, `{"user":{}}`, `{"user":{"tenantId":"` + tenantID + `"}}`,
				`{"user":{"tenantId":"` + tenantID + `","objectId":"x","objectId":"y"}}`, `{"user":{"tenantId":"other","objectId":"x"}}`,
				`{"user":{"tenantId":"` + tenantID + `","objectId":"x","subject":"y"}}`, `{"user":{"objectID":"x"}}`, `{"user":{"tenantId":1,"objectId":"x"}}`},
			"/api/admin/find":    {"{}", `{"identity":""}`, `{"identity":"8:orgid:` + aliceOID + `"}`, `{"identity":"8:acs:x/../y_z"}`, `{"identity":["8:acs:a_b"]}`},
			"/api/admin/resolve": {"{}", `{"users":[]}`, `{"users":[null]}`, `{"identities":[null]}`, `{"identities":[` + many + `]}`, `{"users":{}}`},
		} {
			for _, body := range bodies {
				a := w.do("POST", target, body, w.daemon())
				a.is(t, 400, "body_invalid")
				if strings.Contains(string(a.body), aliceOID) {
					t.Errorf("%s %s: the answer repeats the id", target, body)
				}
			}
		}
		w.do("POST", "/api/admin/lookup?user=x", aliceBody, w.daemon()).is(t, 400, "request_malformed")
		w.do("GET", "/api/admin/lookup", "", w.daemon()).is(t, 405, "method_not_allowed")
	})
}

// TestAdminDoesNotActAsTheUser: the token of an administrator is not handed on as the user's own.
func TestAdminDoesNotActAsTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []bool
		w := newWorld(t, func(o *serverOptions) { o.Delegate = true })
		w.store.fail(func(ctx context.Context) error {
			_, ok := acsauth.Assertion(ctx)
			seen = append(seen, ok)
			return nil
		})
		w.do("GET", "/getUser", "", w.alice()).is(t, 201, "")
		if len(seen) == 0 || !seen[0] {
			t.Fatal("the user's own token does not reach the store")
		}
		seen = nil
		admin(w, "/api/admin/lookup", "").is(t, 200, "")
		if len(seen) != 1 || seen[0] {
			t.Errorf("an administrator acts as the user: %v", seen)
		}
	})
}

// adminScenarios make the administration routes answer with each status that is documented for them.
func adminScenarios(t *testing.T, see func(op string, a answer)) {
	blind := func(w *world) func(*serverOptions) {
		return func(o *serverOptions) { o.Broker = w.broker(struct{ acsauth.Store }{storetest.NewMemory()}, o.Log) }
	}
	for target := range adminBodies {
		op := "POST " + target
		run := func(prepare func(w *world), edits ...func(*world) edit) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				id := nobodysIdentity
				if prepare != nil {
					prepare(w)
				}
				list := []edit{}
				for _, e := range edits {
					list = append(list, e(w))
				}
				see(op, admin(w, target, id, list...))
			})
		}
		run(nil)
		run(func(w *world) { mapped(w, "") })
		run(nil, func(w *world) edit { return func(*http.Request) {} })
		run(nil, func(w *world) edit { return w.alice() })
		run(func(w *world) { foreign(w, "") })
		for code, kind := range map[string]acsauth.Kind{"graph_throttled": acsauth.Throttled, "graph_denied": acsauth.Rejected,
			"graph_unavailable": acsauth.Unavailable, "graph_timeout": acsauth.Timeout} {
			run(func(w *world) { storeSays(kind, code)(w, "") })
		}
		run(func(w *world) { panics(w, "") })
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			see(op, w.do("POST", target, "{}", w.daemon()))
			see(op, w.do("POST", target, "{"+strings.Repeat(" ", 16<<10)+"}", w.daemon()))
			see(op, w.do("POST", target, "user=alice", w.daemon()))
			mapped(w, "")
			id, _ := w.do("GET", "/getUser", "", w.alice()).object(t)["id"].(string)
			see(op, admin(w, target, id))
			blinded := newWorld(t, blind(w))
			see(op, admin(blinded, target, id))
			mapped(w, "") // once more, after the delete
			w.acs.failWith(503, "ServiceUnavailable")
			see(op, admin(w, target, id))
		})
	}
}
