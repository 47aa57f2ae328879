"""MSAL Python: each grant, good and bad."""
import msal

import world
from browser import Browser
from ledger import Case, Recorded

SDK = "msal"
REDIRECT = "http://localhost:3000/signed-in"


def confidential(app=world.DAEMON, secret=None):
    return Recorded(SDK, msal.ConfidentialClientApplication, app.id, client_credential=secret or app.secret, **authority())


def public():
    return Recorded(SDK, msal.PublicClientApplication, world.SPA.id, **authority())


def authority(tenant=world.TENANT):
    return {"authority": f"{world.emulator().origin}/{tenant}", "instance_discovery": False}


class Msal(Case):
    def got(self, answer):
        self.assertIn("access_token", answer, answer)
        return world.claims(answer["access_token"])

    def failed(self, answer, error, code):
        self.assertEqual((answer.get("error"), answer.get("error_codes")), (error, [code]), answer)
        self.assertIn(f"AADSTS{code}", answer["error_description"])

    def test_client_credentials(self):
        app = confidential()
        self.assertEqual(self.got(app.acquire_token_for_client([world.ACS_SCOPE]))["appid"], world.DAEMON.id)
        self.assertIn("access_token", app.acquire_token_silent([world.ACS_SCOPE], account=None))

    def test_client_credentials_refused(self):
        self.failed(confidential(secret="wrong").acquire_token_for_client([world.ACS_SCOPE]), "invalid_client", 7000215)
        self.failed(confidential().acquire_token_for_client([world.GRAPH_SCOPE]), "invalid_scope", 1002012)

    def test_unknown_tenant(self):
        with self.assertRaisesRegex(ValueError, "Unable to get authority configuration"):
            Recorded(SDK, msal.PublicClientApplication, world.SPA.id, **authority("ac5a0000-0000-4000-a000-00000000dead"))

    def test_on_behalf_of(self):
        claims = self.got(confidential(world.API).acquire_token_on_behalf_of(world.mint(user="bob"), [world.GRAPH_SCOPE]))
        self.assertEqual(claims["oid"], world.BOB)

    def test_on_behalf_of_refused(self):
        app = confidential(world.API)
        self.failed(app.acquire_token_on_behalf_of(world.mint(flaw="expired"), [world.GRAPH_SCOPE]), "invalid_grant", 500133)
        world.admin("/obo", {"consentWithdrawn": True})
        self.addCleanup(world.admin, "/obo", {})
        self.failed(app.acquire_token_on_behalf_of(world.mint(), [world.GRAPH_SCOPE]), "invalid_grant", 65001)

    def test_claims_challenge(self):
        wanted = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
        world.admin("/obo", {"claims": wanted})
        self.addCleanup(world.admin, "/obo", {})
        answer = confidential(world.API).acquire_token_on_behalf_of(world.mint(), [world.GRAPH_SCOPE])
        self.assertEqual((answer["error"], answer["claims"]), ("interaction_required", wanted))

    def test_code_refresh_and_silence(self):
        app = public()
        flow = app.initiate_auth_code_flow([world.API_SCOPE], redirect_uri=REDIRECT)
        answer = app.acquire_token_by_auth_code_flow(flow, Browser().sign_in(flow["auth_uri"], user="alice"))
        self.assertEqual(self.got(answer)["oid"], world.ALICE)
        self.assertEqual(answer["id_token_claims"]["preferred_username"], "alice@acsauth.example")
        (account,) = app.get_accounts()
        self.assertEqual(app.acquire_token_silent([world.API_SCOPE], account)["access_token"], answer["access_token"])
        fresh = app.acquire_token_silent([world.API_SCOPE], account, force_refresh=True)
        self.assertNotEqual(self.got(fresh)["uti"], self.got(answer)["uti"])
        self.assertEqual(self.got(app.acquire_token_silent([world.GRAPH_SCOPE], account))["aud"], "https://graph.microsoft.com")
        app.remove_account(account)
        self.assertEqual(app.get_accounts(), [])

    def test_sign_in_cancelled(self):
        app = public()
        flow = app.initiate_auth_code_flow([world.API_SCOPE], redirect_uri=REDIRECT)
        answer = app.acquire_token_by_auth_code_flow(flow, Browser().sign_in(flow["auth_uri"], action="cancel"))
        self.assertEqual(answer["error"], "access_denied")

    def test_a_code_serves_once(self):
        app = public()
        flow = app.initiate_auth_code_flow([world.API_SCOPE], redirect_uri=REDIRECT)
        back = Browser().sign_in(flow["auth_uri"], user="alice")
        self.got(app.acquire_token_by_auth_code_flow(dict(flow), back))
        self.failed(app.acquire_token_by_auth_code_flow(dict(flow), back), "invalid_grant", 54005)

    def test_another_verifier(self):
        app = public()
        flow = app.initiate_auth_code_flow([world.API_SCOPE], redirect_uri=REDIRECT)
        back = Browser().sign_in(flow["auth_uri"], user="alice")
        self.failed(app.acquire_token_by_auth_code_flow({**flow, "code_verifier": "x" * 43}, back), "invalid_grant", 501481)
