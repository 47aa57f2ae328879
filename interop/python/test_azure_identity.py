"""azure-identity: credentials against the emulated Entra ID."""
import os
from unittest import mock

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential, OnBehalfOfCredential

import world
from ledger import Case, Recorded

SDK = "azure-identity"


def options(**more):
    return {"authority": world.emulator().origin, "instance_discovery": False, **more}


class Credentials(Case):
    def failing(self, code, credential, scope):
        with self.assertRaises(ClientAuthenticationError) as caught:
            credential.get_token(scope)
        self.assertIn(f"AADSTS{code}", caught.exception.message)

    def test_client_secret(self):
        credential = Recorded(SDK, ClientSecretCredential, world.TENANT, world.DAEMON.id, world.DAEMON.secret, **options())
        token = credential.get_token(world.ACS_SCOPE)
        self.assertEqual(world.claims(token.token)["appid"], world.DAEMON.id)
        self.assertEqual(credential.get_token(world.ACS_SCOPE).token, token.token)  # from its cache
        self.assertEqual(world.claims(credential.get_token(f"api://{world.API.id}/.default").token)["roles"], ["Identities.Manage"])

    def test_wrong_secret(self):
        self.failing(7000215, Recorded(SDK, ClientSecretCredential, world.TENANT, world.DAEMON.id, "wrong", **options()), world.ACS_SCOPE)

    def test_unknown_client(self):
        self.failing(700016, Recorded(SDK, ClientSecretCredential, world.TENANT, "ac5a0000-0000-4000-a000-0000000000ff", "x", **options()), world.ACS_SCOPE)

    def test_unknown_resource(self):
        self.failing(500011, Recorded(SDK, ClientSecretCredential, world.TENANT, world.DAEMON.id, world.DAEMON.secret, **options()), "api://nobody/.default")

    def on_behalf_of(self, assertion):
        return Recorded(SDK, OnBehalfOfCredential, world.TENANT, world.API.id, client_secret=world.API.secret, user_assertion=assertion, **options())

    def test_on_behalf_of(self):
        token = self.on_behalf_of(world.mint(user="bob")).get_token(world.GRAPH_SCOPE)
        claims = world.claims(token.token)
        self.assertEqual((claims["oid"], claims["appid"]), (world.BOB, world.API.id))

    def test_on_behalf_of_with_a_bad_token(self):
        self.failing(500133, self.on_behalf_of(world.mint(user="bob", flaw="expired")), world.GRAPH_SCOPE)
        self.failing(50013, self.on_behalf_of(world.mint(user="bob", flaw="signature")), world.GRAPH_SCOPE)

    def test_on_behalf_of_without_consent(self):
        world.admin("/obo", {"consentWithdrawn": True})
        self.addCleanup(world.admin, "/obo", {})
        self.failing(65001, self.on_behalf_of(world.mint(user="bob")), world.GRAPH_SCOPE)

    def test_environment(self):
        variables = {"AZURE_TENANT_ID": world.TENANT, "AZURE_CLIENT_ID": world.DAEMON.id, "AZURE_CLIENT_SECRET": world.DAEMON.secret, "AZURE_AUTHORITY_HOST": world.emulator().origin}
        with mock.patch.dict(os.environ, variables):
            for credential in (EnvironmentCredential, DefaultAzureCredential):
                with self.subTest(credential.__name__):
                    token = Recorded(SDK, credential, instance_discovery=False).get_token(world.ACS_SCOPE)
                    self.assertEqual(world.claims(token.token)["appid"], world.DAEMON.id)
