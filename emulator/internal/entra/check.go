package entra

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	maxWord      = 256   // bytes of a name, address or id
	maxURI       = 2048  // bytes
	maxList      = 256   // entries of a list of an application
	maxMembers   = 1_000 // groups of a user
	maxNameBytes = 64
)

var (
	lowerGUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	userName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	scopeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`) // of a scope or an app role
)

// checkUser checks a user on its own.
func (d *Directory) checkUser(u *User) error {
	t := d.tenantByID(u.TenantID)
	switch {
	case t.ID == "":
		return fmt.Errorf("there is no tenant %q", clip(u.TenantID))
	case !userName.MatchString(u.Name) || len(u.Name) > maxNameBytes:
		return fmt.Errorf("the name has to be 1 to %d letters, digits and . _ -", maxNameBytes)
	case d.crowdLike(u):
		return errors.New("names of the form user-1 and their object ids are taken")
	case !lowerGUID.MatchString(u.ObjectID) || !lowerGUID.MatchString(u.HomeObjectID):
		return errors.New("the object id has to be a GUID; a guest needs HomeObjectID, too")
	case u.Guest && (d.tenantByID(u.HomeTenantID).ID == "" || u.HomeTenantID == u.TenantID || t.Kind != Workforce):
		return errors.New("a guest needs HomeTenantID, another tenant that is here, and is one of a workforce tenant")
	case !u.Guest && (u.HomeTenantID != u.TenantID || u.HomeObjectID != u.ObjectID):
		return errors.New("a member is at home where it is")
	case len(u.Groups) > maxMembers:
		return fmt.Errorf("the user is in %d groups, allowed are %d", len(u.Groups), maxMembers)
	}
	for _, word := range []string{u.UPN, u.Mail, u.DisplayName, u.GivenName, u.Surname} {
		if len(word) > maxWord || clip(word) != word {
			return fmt.Errorf("%q is longer than %d bytes or not printable", clip(word), maxWord)
		}
	}
	for _, id := range u.Groups {
		if !lowerGUID.MatchString(id) {
			return fmt.Errorf("group %q is not a GUID in lower case", clip(id))
		}
	}
	return d.checkGrants(u.Roles, "app role", func(r *Resource) []string { return r.Roles }, nil)
}

// crowdLike reports whether a user would hide one of the crowd.
func (d *Directory) crowdLike(u *User) bool {
	return slices.ContainsFunc(u.keys(), func(k string) bool { return d.crowd(k) != nil })
}

// checkApp checks a registration on its own.
func (d *Directory) checkApp(a *App) error {
	t := d.tenantByID(a.TenantID)
	switch {
	case t.ID == "":
		return fmt.Errorf("there is no tenant %q", clip(a.TenantID))
	case !lowerGUID.MatchString(a.ID) || !lowerGUID.MatchString(a.ObjectID):
		return errors.New("client id and object id have to be GUIDs")
	case a.MultiTenant && t.Kind != Workforce:
		return errors.New("only an application of a workforce tenant can be multi-tenant")
	case len(a.Name) > maxWord || clip(a.Name) != a.Name || len(a.Secret) > maxWord:
		return fmt.Errorf("name or secret is longer than %d bytes, or the name is not printable", maxWord)
	case a.Public && a.Secret != "":
		return errors.New("a public client has no secret")
	case len(a.RedirectURIs) > maxList:
		return fmt.Errorf("there are more than %d redirect URIs", maxList)
	}
	for _, uri := range a.RedirectURIs {
		if err := checkRedirect(uri); err != nil {
			return err
		}
	}
	if err := checkOptional(a.IDClaims); err != nil {
		return err
	}
	if err := checkExposed(a.Exposes); err != nil {
		return err
	}
	return errors.Join(
		d.checkFlow(a),
		d.checkGrants(a.Delegated, "scope", func(r *Resource) []string { return r.Scopes }, a.Exposes),
		d.checkGrants(a.Roles, "app role", func(r *Resource) []string { return r.Roles }, a.Exposes))
}

// checkRedirect wants an absolute URI without a fragment and without a wildcard.
func checkRedirect(uri string) error {
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() || len(uri) > maxURI || strings.ContainsAny(uri, "#*\\ ") {
		return fmt.Errorf("redirect URI %q has to be absolute, without a fragment or a wildcard", clip(uri))
	}
	return nil
}

// checkExposed checks an API that a registration exposes.
func checkExposed(r *Resource) error {
	if r == nil {
		return nil
	}
	if r.Version != "1.0" && r.Version != "2.0" {
		return fmt.Errorf("the version of the API's tokens is %q, want 1.0 or 2.0", clip(r.Version))
	}
	if len(r.URIs) > maxList || len(r.Scopes) > maxList || len(r.Roles) > maxList {
		return fmt.Errorf("the API has more than %d App ID URIs, scopes or app roles", maxList)
	}
	for _, uri := range r.URIs {
		u, err := url.Parse(uri)
		if err != nil || !u.IsAbs() || len(uri) > maxURI || uri != strings.TrimRight(strings.ToLower(uri), "/") {
			return fmt.Errorf("App ID URI %q has to be absolute, in lower case and without a slash at the end", clip(uri))
		}
	}
	for _, name := range slices.Concat(r.Scopes, r.Roles) {
		if !scopeName.MatchString(name) || len(name) > maxWord {
			return fmt.Errorf("%q is no name of a scope or an app role", clip(name))
		}
	}
	return checkOptional(r.Claims)
}

// checkGrants checks permissions by resource; own is the API of the same registration.
func (d *Directory) checkGrants(grants map[string][]string, what string, has func(*Resource) []string, own *Resource) error {
	if len(grants) > maxList {
		return fmt.Errorf("permissions for more than %d APIs", maxList)
	}
	for id, names := range grants {
		r := d.resource(id)
		if own != nil && own.ID == id {
			r = own
		}
		if r == nil || r.ID != id {
			return fmt.Errorf("there is no API with the client id %q", clip(id))
		}
		for _, name := range names {
			if !slices.Contains(has(r), name) {
				return fmt.Errorf("the API %q has no %s %q", clip(id), what, clip(name))
			}
		}
	}
	return nil
}
