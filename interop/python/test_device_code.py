"""MSAL Python and azure-identity: sign-in with a device code."""
import msal
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DeviceCodeCredential

import world
from browser import Browser
from ledger import Case, Recorded


def enter(url, code, **button):
    """What the user does at another device: enter the code, and press a button."""
    browser = Browser()
    _, _, page = browser.open(url)
    status, _, page = browser.submit(url, page, otc=code)
    assert status == 200, page
    return browser.submit(url, page, **button)


class DeviceCode(Case):
    def flow(self):
        app = Recorded("msal", msal.PublicClientApplication, world.SPA.id, authority=f"{world.emulator().origin}/{world.TENANT}", instance_discovery=False)
        flow = app.initiate_device_flow([world.API_SCOPE])
        self.assertIn("user_code", flow, flow)
        return app, flow

    def test_it_signs_in(self):
        app, flow = self.flow()
        status, _, page = enter(flow["verification_uri"], flow["user_code"], user="bob")
        self.assertEqual(status, 200, page)
        answer = app.acquire_token_by_device_flow(flow)
        self.assertEqual(world.claims(answer["access_token"])["oid"], world.BOB)

    def test_nobody_came_yet(self):
        app, flow = self.flow()
        answer = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
        self.assertEqual((answer["error"], answer["error_codes"]), ("authorization_pending", [70016]))

    def test_declined(self):
        app, flow = self.flow()
        enter(flow["verification_uri"], flow["user_code"], action="cancel")
        self.assertEqual(app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)["error"], "authorization_declined")

    def test_azure_identity(self):
        def prompt(url, code, _):
            enter(url, code, user="alice")

        credential = Recorded("azure-identity", DeviceCodeCredential, world.SPA.id, tenant_id=world.TENANT, authority=world.emulator().origin,
                              instance_discovery=False, prompt_callback=prompt)
        self.assertEqual(world.claims(credential.get_token(world.API_SCOPE).token)["oid"], world.ALICE)
        with self.assertRaises(ClientAuthenticationError) as caught:
            Recorded("azure-identity", DeviceCodeCredential, world.SPA.id, tenant_id=world.TENANT, authority=world.emulator().origin,
                     instance_discovery=False, prompt_callback=prompt).get_token("api://nobody/x")
        self.assertIn("AADSTS500011", caught.exception.message)
