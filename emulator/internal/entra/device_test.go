package entra

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

func deviceForm(pairs ...string) url.Values {
	return plus(url.Values{"client_id": {testSPA}, "scope": {testScope + " openid profile offline_access"}}, pairs...)
}

func (a agent) startDevice(pairs ...string) (userCode string, poll url.Values) {
	a.t.Helper()
	form := deviceForm(pairs...)
	body := decode(a.t, a.do("POST", "/"+testTenant+"/oauth2/v2.0/devicecode", form))
	userCode, _ = body["user_code"].(string)
	code, _ := body["device_code"].(string)
	if len(userCode) != userCodeLength || code == "" || body["expires_in"] != 900.0 || body["interval"] != 1.0 ||
		body["verification_uri"] != testBase+"/devicelogin" || body["message"] == "" {
		a.t.Fatalf("%v", body)
	}
	return userCode, url.Values{"client_id": {form.Get("client_id")}, "grant_type": {grantDevice}, "device_code": {code}}
}

func TestDeviceCode(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		a := w.agent(t)
		user, poll := a.startDevice()
		wantFailure(t, a.token(poll), 70016, "authorization_pending", "")
		wantFailure(t, a.token(poll), 70016, "slow_down", "")
		time.Sleep(w.flow.devices.poll)
		wantFailure(t, a.token(poll), 70016, "authorization_pending", "")

		page := a.press(a.get("/devicelogin", nil), "otc", user[:4]+"-"+user[4:])
		wantPage(t, page, http.StatusOK, "SPA on another device", `value="alice"`)
		wantPage(t, a.press(page, "user", "alice"), http.StatusOK, "You have signed in to the SPA application")
		wantPage(t, a.press(a.get("/devicelogin", nil), "otc", user), http.StatusBadRequest, "That code didn't work")

		wantFailure(t, a.token(plus(poll, "client_id", testNative)), 70018, "bad_verification_code", "")
		body := a.token(plus(poll, "grant_type", "device_code")) // as MSAL spells it
		c := payloadOf(t, body["access_token"])
		if c["name"] != "alice" || c["scp"] != "access_as_user" || body["refresh_token"] == nil || body["id_token"] == nil {
			t.Errorf("%v %v", c, body)
		}
		wantFailure(t, a.token(poll), 54005, "invalid_grant", "")
	})
}

func TestDeviceRefusals(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	for _, tt := range []struct {
		pairs []string
		code  int
		oauth string
	}{
		{[]string{"client_id", ""}, 900144, "invalid_request"},
		{[]string{"client_id", testTenant}, 700016, "unauthorized_client"},
		{[]string{"scope", ""}, 900144, "invalid_request"},
		{[]string{"scope", testScope + "s"}, 70011, "invalid_scope"},
		{[]string{"scope", "https://communication.azure.com/.default"}, 650057, "invalid_resource"},
	} {
		wantFailure(t, decode(t, a.do("POST", "/"+testTenant+"/oauth2/v2.0/devicecode", deviceForm(tt.pairs...))), tt.code, tt.oauth, "")
	}
	user, poll := a.startDevice()
	wantFailure(t, a.token(plus(poll, "device_code", "")), 900144, "invalid_request", "")
	wantFailure(t, a.token(plus(poll, "device_code", "1.AQnothing")), 70018, "bad_verification_code", "")
	if rec := a.do("POST", "/devicelogin", url.Values{"otc": {user}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); rec.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", rec.Code)
	}
	if rec := a.do("DELETE", "/devicelogin", nil); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", rec.Code)
	}
	wantPage(t, a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"mallory"}}), http.StatusBadRequest, "AADSTS50034")

	wantPage(t, a.press(a.do("POST", "/devicelogin", url.Values{"otc": {user}}), "action", "cancel"), http.StatusOK, "You have declined")
	wantFailure(t, a.token(poll), 70018, "authorization_declined", "")

	user, poll = a.startDevice()
	w.clock.advance(deviceLifetime)
	wantPage(t, a.do("POST", "/devicelogin", url.Values{"otc": {user}}), http.StatusBadRequest, "AADSTS70019")
	wantFailure(t, a.token(poll), 70020, "expired_token", "")
}

// The user consents on the page, and a confidential client needs its secret when it asks.
func TestDeviceConsent(t *testing.T) {
	w := newWorld(t)
	a := w.agent(t)
	user, poll := a.startDevice("client_id", testNative, "scope", "User.Read")
	page := a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"bob"}})
	wantPage(t, page, http.StatusOK, "Native would like to:", "https://graph.microsoft.com/User.Read")
	wantFailure(t, a.token(poll), 70016, "authorization_pending", "")
	wantPage(t, a.press(page, "action", "accept"), http.StatusOK, "You have signed in")
	if c := payloadOf(t, a.token(poll)["access_token"]); c["scp"] != "User.Read" || c["name"] != "bob" {
		t.Errorf("%v", c)
	}
	user, _ = a.startDevice("client_id", testNative, "scope", "User.ReadWrite.All")
	wantPage(t, a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"bob"}}), http.StatusBadRequest, "AADSTS90094")

	user, poll = a.startDevice("client_id", testAPI, "scope", "User.Read")
	a.do("POST", "/devicelogin", url.Values{"otc": {user}, "user": {"bob"}})
	wantFailure(t, a.token(poll), 7000218, "invalid_client", "")
	if body := a.token(plus(poll, "client_secret", testSecret)); body["access_token"] == nil {
		t.Errorf("%v", body)
	}
}

func TestDevicesAreBounded(t *testing.T) {
	d := newDevices(time.Second)
	for range maxDevices + 5 {
		d.add(&device{userCode: newUserCode()})
	}
	if len(d.list) != maxDevices {
		t.Errorf("%d requests are kept", len(d.list))
	}
}
