package entra

import (
	"net/http"
	"net/url"
	"strings"
)

// adminRequest is a checked request for the consent of an admin.
type adminRequest struct {
	tenant      tenant
	v2          bool
	params      url.Values
	app         *App
	redirectURI string
	wish        granted
}

// adminConsent shows the page on which an admin consents for the whole tenant. Everybody can act as an admin here.
func (s *Service) adminConsent(w http.ResponseWriter, r *http.Request, t tenant) {
	s.counts.add("adminconsent")
	v2 := strings.Contains(strings.ToLower(r.URL.Path), "/v2.0/")
	req, e := s.readAdmin(r.URL.Query(), t, v2)
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	query := req.params.Encode()
	if v2 {
		query += "&v2.0="
	}
	s.show(w, "consent", http.StatusOK, page{
		Title: "Permissions requested", Text: req.app.Name + " asks an administrator to consent on behalf of the whole organization.",
		Action: "/" + t.segment + "/consent?" + query, Details: s.describe(req.wish),
		formDest: "'self' " + formSource(req.redirectURI),
	})
}

// readAdmin checks the request.
func (s *Service) readAdmin(params url.Values, t tenant, v2 bool) (adminRequest, *Error) {
	params.Del("v2.0")
	q := adminRequest{tenant: t, v2: v2, params: params}
	for name, values := range params {
		if len(values) > 1 {
			return q, fail(90100, "The parameter '%s' appears more than once.", clip(name))
		}
	}
	id, redirect := params.Get("client_id"), params.Get("redirect_uri")
	if id == "" {
		return q, missing("client_id")
	}
	var e *Error
	if q.app, e = s.clientAt(t, id, ""); e != nil {
		return q, e
	}
	if redirect == "" {
		return q, missing("redirect_uri")
	}
	if !s.redirectAllowed(q.app, redirect) {
		return q, wrongRedirect(redirect, q.app)
	}
	q.redirectURI = redirect
	q.wish = granted{scopes: q.app.Requested, roles: q.app.RequestedRoles}
	raw := params.Get("scope")
	if !v2 {
		return q, nil
	}
	if raw == "" {
		return q, missing("scope")
	}
	set, e := s.dir.parseScope(raw)
	if e != nil {
		return q, e
	}
	if set.isDefault {
		return q, nil
	}
	q.wish = granted{scopes: make(map[string][]string)}
	for _, p := range s.named(q.app, raw) {
		q.wish.scopes[p.resource.ID] = append(q.wish.scopes[p.resource.ID], p.name)
	}
	_, e = set.consented(registered(q.app))
	return q, e
}

// adminConsentForm receives the admin's choice. Its query is that of the page and is checked again.
func (s *Service) adminConsentForm(w http.ResponseWriter, r *http.Request, t tenant) {
	if !s.ownForm(w, r) {
		return
	}
	query := r.URL.Query()
	req, e := s.readAdmin(query, t, r.URL.Query().Has("v2.0"))
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	tid := s.dir.concrete(t)
	answer := url.Values{"admin_consent": {"True"}, "tenant": {tid}}
	if r.PostForm.Get("action") != "accept" {
		s.refuseAdmin(req, answer)
	} else if e := s.flow.consents.add(tenantConsent(req.app, tid), req.wish); e != nil {
		s.errorPage(w, r, e)
		return
	} else if req.v2 {
		answer.Set("scope", req.params.Get("scope"))
	}
	if req.params.Has("state") {
		answer.Set("state", req.params.Get("state"))
	}
	noStore(w.Header())
	w.Header().Set("Location", withQuery(req.redirectURI, answer))
	w.WriteHeader(http.StatusFound)
}

// refuseAdmin words the refusal of an admin: the two versions of the endpoint differ.
func (s *Service) refuseAdmin(req adminRequest, answer url.Values) {
	s.counts.add("refused")
	if req.v2 {
		answer.Set("error", "consent_required")
		answer.Set("error_description", "AADSTS65004: The resource owner or authorization server denied the request.")
		return
	}
	answer.Del("admin_consent")
	answer.Del("tenant")
	answer.Set("error", "permission_denied")
	answer.Set("error_description", "The admin canceled the request")
}

// describe lists permissions for a page.
func (s *Service) describe(g granted) []string {
	list := []string{"Sign you in and read your profile"}
	for _, kind := range []map[string][]string{g.scopes, g.roles} {
		for _, id := range sortedKeys(kind) {
			name := id
			if r := s.dir.resource(id); r != nil && len(r.URIs) > 0 {
				name = r.URIs[0]
			}
			for _, permission := range kind[id] {
				list = append(list, name+"/"+permission)
			}
		}
	}
	return list
}
