package entra

import "net/http"

// deviceLogin is the page on which a person enters the code, picks an account and consents.
func (s *Service) deviceLogin(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		s.deviceForm(w, http.StatusOK, "")
		return
	}
	if !s.ownForm(w, r) {
		return
	}
	var asked device
	typed := r.PostForm.Get("otc")
	fresh := false
	s.flow.devices.update(byUserCode(typed), func(d *device) {
		asked, fresh = *d, s.now().Before(d.expires)
	})
	switch {
	case asked.app == nil:
		s.deviceForm(w, http.StatusBadRequest, "That code didn't work. Check the code and try again.")
	case !fresh:
		s.deviceForm(w, http.StatusBadRequest, fail(70019, "Verification code expired. Have the user retry the sign-in.").Error())
	case r.PostForm.Get("action") == "cancel":
		s.flow.devices.update(byUserCode(typed), func(d *device) { d.state = deviceDeclined })
		s.show(w, "message", http.StatusOK, page{Title: asked.app.Name, Text: "You have declined the sign-in. You may now close this window."})
	case r.PostForm.Get("user") == "":
		s.show(w, "picker", http.StatusOK, page{
			Title: "Pick an account", App: asked.app.Name + " on another device", Action: r.URL.Path, Users: s.dir.pickable(asked.tenant),
			Fields: map[string]string{"otc": typed}, formDest: "'self'",
		})
	default:
		s.approveDevice(w, r, asked)
	}
}

// approveDevice signs a user in on a device, once the user has consented.
func (s *Service) approveDevice(w http.ResponseWriter, r *http.Request, asked device) {
	app, scopes := asked.app, asked.scopes
	user, e := s.dir.userAt(asked.tenant, r.PostForm.Get("user"))
	if user == nil && e == nil {
		e = fail(50034, "The user account does not exist in the directory.")
	}
	if e != nil {
		s.errorPage(w, r, e)
		return
	}
	wish := s.missing(app, user, scopes, false)
	switch {
	case wish.empty():
	case len(wish.adminOnly) > 0:
		s.errorPage(w, r, fail(90094, "%s", obstacleKinds[90094].text))
		return
	case r.PostForm.Get("action") != "accept":
		s.show(w, "consent", http.StatusOK, page{
			Title: "Permissions requested", Text: app.Name + " would like to:", Action: r.URL.Path, Hint: user,
			Details: s.describe(wish.permissions), Fields: map[string]string{"otc": r.PostForm.Get("otc")}, formDest: "'self'",
		})
		return
	default:
		if e := s.flow.consents.add(userConsent(app, user), wish.permissions); e != nil {
			s.errorPage(w, r, e)
			return
		}
		s.counts.add("consent")
	}
	s.counts.add("login")
	facts := s.newFacts(user, scopes, s.signInProofs(user, nil))
	facts.tenant, facts.policy = asked.tenant.id, asked.tenant.policy
	s.flow.devices.update(byUserCode(r.PostForm.Get("otc")), func(d *device) { d.state, d.facts = deviceApproved, facts })
	s.show(w, "message", http.StatusOK, page{
		Title: app.Name, Text: "You have signed in to the " + app.Name + " application on your device. You may now close this window.",
	})
}

func (s *Service) deviceForm(w http.ResponseWriter, status int, text string) {
	s.show(w, "device", status, page{Title: "Enter code", Text: text, Action: "/devicelogin", formDest: "'self'"})
}
