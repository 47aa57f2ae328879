package emulator_test

import (
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// carol has no Teams licence: her token is good, and ACS does not take it.
func TestTeamsLicence(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	bearer := "Bearer " + b.post(tokenURL(e), daemonForm("https://communication.azure.com//.default")).json(t)["access_token"].(string)
	for user, want := range map[string]struct {
		oid    string
		status int
	}{"alice": {emulator.AliceObjectID, 200}, "carol": {emulator.CarolObjectID, 401}, "gail": {emulator.GailObjectID, 401}} {
		body := `{"token":"` + mint(t, e, emulator.TokenRequest{User: user, Teams: true}) + `","appId":"` + emulator.SPAClientID + `","userId":"` + want.oid + `"}`
		r := b.send("POST", e.URL()+"/teamsUser/:exchangeAccessToken?api-version=2023-10-01", body, "Authorization", bearer, "Content-Type", "application/json")
		if r.status != want.status {
			t.Errorf("%s: %d %s", user, r.status, r.body)
		}
	}
}
