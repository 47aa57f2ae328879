package entra

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func newUser(name string) User { return User{Name: name} }

func TestAddUser(t *testing.T) {
	s := newTestService(at2026())
	if err := s.AddUser(newUser("zoe")); err != nil {
		t.Fatal(err)
	}
	list := s.Users()
	zoe := list[len(list)-1]
	if zoe.TenantID != tidA || zoe.UPN != "zoe@a.example" || zoe.Mail != zoe.UPN || zoe.HomeObjectID != zoe.ObjectID || !lowerGUID.MatchString(zoe.ObjectID) {
		t.Errorf("%+v", zoe)
	}
	again := newTestService(at2026())
	if err := again.AddUser(newUser("zoe")); err != nil || again.dir.user("zoe").ObjectID != zoe.ObjectID {
		t.Errorf("the object id is the same at each start: %v", err)
	}
	if body := tokens(t, s, tidA, webID, "api://api/use openid", "zoe"); claimsOf(t, body["access_token"].(string))["oid"] != zoe.ObjectID {
		t.Error("an added user can sign in")
	}
	guest := User{User: emu.User{TenantID: tidB, Guest: true}, Name: "ann-abroad", HomeTenantID: tidA, HomeObjectID: oid("11")}
	if err := s.AddUser(guest); err != nil {
		t.Fatal(err)
	}
	if body := tokens(t, s, tidB, webID, "api://api/use openid", "ann"); claimsOf(t, body["access_token"].(string))["acct"] != 1.0 {
		t.Error("ann is a guest of the other tenant now")
	}
	s.Reset()
	if u := s.dir.user("zoe"); u != nil || len(s.Users()) != 3 {
		t.Errorf("after a reset there are %d users", len(s.Users()))
	}
}

func TestAddUserRefusals(t *testing.T) {
	with := func(f func(*User)) User {
		u := newUser("zoe")
		f(&u)
		return u
	}
	many := make([]string, maxMembers+1)
	for i := range many {
		many[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	for name, u := range map[string]User{
		"no name":                  newUser(""),
		"name with a space":        newUser("z oe"),
		"long name":                newUser(strings.Repeat("z", 65)),
		"name that is taken":       newUser("ANN"),
		"name of the crowd":        newUser("user-7"),
		"UPN that is taken":        with(func(u *User) { u.UPN = "ann@a.example" }),
		"UPN of another tenant":    with(func(u *User) { u.UPN = "Ben@b.example" }),
		"id of another tenant":     with(func(u *User) { u.ObjectID = oid("21") }),
		"mail that is taken":       with(func(u *User) { u.Mail = "ann@a.example" }),
		"mail of the crowd":        with(func(u *User) { u.Mail = "user-7@a.example" }),
		"tenant that is not there": with(func(u *User) { u.TenantID = oid("99") }),
		"object id":                with(func(u *User) { u.ObjectID = "x" }),
		"guest without a home":     with(func(u *User) { u.Guest = true }),
		"guest at home":            with(func(u *User) { u.Guest, u.HomeTenantID, u.HomeObjectID = true, tidA, oid("77") }),
		"guest at B2C":             with(func(u *User) { u.Guest, u.TenantID, u.HomeTenantID, u.HomeObjectID = true, tidC, tidA, oid("77") }),
		"member with another home": with(func(u *User) { u.HomeTenantID = tidB }),
		"unprintable":              with(func(u *User) { u.DisplayName = "a\nb" }),
		"long":                     with(func(u *User) { u.Surname = strings.Repeat("z", 300) }),
		"group":                    with(func(u *User) { u.Groups = []string{"staff"} }),
		"groups":                   with(func(u *User) { u.Groups = many }),
		"role of nobody":           with(func(u *User) { u.Roles = map[string][]string{oid("99"): {"Boss"}} }),
		"role that is not there":   with(func(u *User) { u.Roles = map[string][]string{apiID: {"Chief"}} }),
	} {
		s := newTestService(at2026())
		if err := s.AddUser(u); err == nil || len(s.Users()) != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newApp() App {
	return App{ID: oid("91"), Name: "new", Public: true, RedirectURIs: []string{"https://app.example/cb"},
		Delegated: map[string][]string{oid("91"): {"mine"}, graphA: {"User.Read"}},
		IDClaims:  []OptionalClaim{{Name: "email"}, {Name: "upn"}},
		Exposes:   &Resource{Scopes: []string{"mine"}, Claims: []OptionalClaim{{Name: "idtyp", Properties: []string{"include_user_token"}}, {Name: "family_name"}}},
	}
}

func TestAddApp(t *testing.T) {
	s := newTestService(at2026())
	a := newApp()
	a.RedirectURIs = []string{"http://localhost/"}
	if err := s.AddApp(a); err != nil {
		t.Fatal(err)
	}
	body := tokens(t, s, tidA, a.ID, "api://"+a.ID+"/mine openid", "ann")
	access, id := claimsOf(t, body["access_token"].(string)), claimsOf(t, body["id_token"].(string))
	if access["ver"] != "1.0" || access["aud"] != "api://"+a.ID || access["idtyp"] != "user" || access["acct"] != nil || access["groups"] != nil {
		t.Errorf("the version belongs to the API, 1.0 unless it says so: %v", access)
	}
	guid := newApp()
	guid.ID, guid.Delegated = oid("93"), map[string][]string{oid("93"): {"mine"}}
	guid.RedirectURIs, guid.Exposes.Claims = a.RedirectURIs, []OptionalClaim{{Name: "aud", Properties: []string{"use_guid"}}}
	if err := s.AddApp(guid); err != nil {
		t.Fatal(err)
	}
	if c := claimsOf(t, tokens(t, s, tidA, guid.ID, "api://"+guid.ID+"/mine", "ann")["access_token"].(string)); c["aud"] != guid.ID {
		t.Errorf("use_guid: aud %v", c["aud"])
	}
	if id["email"] != "ann@a.example" || id["upn"] != "ann@a.example" || id["ver"] != "2.0" {
		t.Errorf("optional claims of the id_token: %v", id)
	}
	secret := newApp()
	secret.ID, secret.Public, secret.Secret, secret.Exposes, secret.Delegated = oid("92"), false, "hidden", nil, nil
	if err := s.AddApp(secret); err != nil {
		t.Fatal(err)
	}
	list := s.Apps()
	if last := list[len(list)-1]; last.ID != secret.ID || last.Secret != "" || s.dir.app(secret.ID).Secret != "hidden" {
		t.Errorf("the list leaves secrets out: %+v", last)
	}
	s.Reset()
	if s.dir.app(a.ID) != nil || s.dir.resource("api://"+a.ID) != nil {
		t.Error("a reset removes applications and their APIs")
	}
}

func TestAddAppRefusals(t *testing.T) {
	for name, change := range map[string]func(*App){
		"no id":               func(a *App) { a.ID = "" },
		"id that is taken":    func(a *App) { a.ID, a.Delegated = strings.ToUpper(apiID), nil },
		"tenant":              func(a *App) { a.TenantID = "a.example" },
		"multi-tenant at B2C": func(a *App) { a.TenantID, a.MultiTenant = tidC, true },
		"public with secret":  func(a *App) { a.Secret = "x" },
		"redirect wildcard":   func(a *App) { a.RedirectURIs = []string{"https://*.example/"} },
		"redirect fragment":   func(a *App) { a.RedirectURIs = []string{"https://a.example/#x"} },
		"redirect relative":   func(a *App) { a.RedirectURIs = []string{"/cb"} },
		"redirects":           func(a *App) { a.RedirectURIs = make([]string, maxList+1) },
		"claim":               func(a *App) { a.IDClaims = []OptionalClaim{{Name: "shoe_size"}} },
		"API claim":           func(a *App) { a.Exposes.Claims = []OptionalClaim{{Name: ""}} },
		"version":             func(a *App) { a.Exposes.Version = "3.0" },
		"URI that is taken":   func(a *App) { a.Exposes.URIs = []string{"api://api"} },
		"URI in upper case":   func(a *App) { a.Exposes.URIs = []string{"api://API2"} },
		"URI with a slash":    func(a *App) { a.Exposes.URIs = []string{"api://api2/"} },
		"scope":               func(a *App) { a.Exposes.Scopes = []string{"a b"} },
		"unknown API":         func(a *App) { a.Delegated = map[string][]string{oid("99"): {"x"}} },
		"unknown scope":       func(a *App) { a.Delegated = map[string][]string{apiID: {"x"}} },
		"unknown role":        func(a *App) { a.Roles = map[string][]string{apiID: {"x"}} },
		"API by its URI":      func(a *App) { a.Delegated = map[string][]string{"api://api": {"use"}} },
	} {
		s := newTestService(at2026())
		a := newApp()
		change(&a)
		if err := s.AddApp(a); err == nil || len(s.Apps()) != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What can be added is bounded, and can be added while the service answers.
func TestAddIsBoundedAndConcurrent(t *testing.T) {
	s := newTestService(at2026())
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range maxUsers / 4 {
				if err := s.AddUser(newUser(fmt.Sprintf("u%d-%d", n, i))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			s.dir.user("ann")
			s.dir.pickable(tenant{segment: tidA, id: tidA})
		}
	})
	wg.Wait()
	if err := s.AddUser(newUser("one-more")); err == nil {
		t.Error("users are not bounded")
	}
	if list := s.dir.pickable(tenant{segment: tidA, id: tidA}); len(list) != maxPicked {
		t.Errorf("the sign-in page lists %d users", len(list))
	}
	for i := range maxApps {
		if err := s.AddApp(App{ID: fmt.Sprintf("00000000-0000-4000-9000-%012d", i), Public: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddApp(newApp()); err == nil {
		t.Error("applications are not bounded")
	}
}
