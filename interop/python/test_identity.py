"""azure-communication-identity: each call, by each credential, good."""
from datetime import datetime, timedelta, timezone

from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.core.credentials import AzureKeyCredential
from azure.identity import ClientSecretCredential

import world
from ledger import Case, Recorded

SDK = "azure-communication-identity"


def by_connection_string(**options):
    return Recorded(SDK, CommunicationIdentityClient.from_connection_string, world.emulator().tls["connectionString"], **options)


def by_key(key=None, **options):
    key = key or world.emulator().connectionString.split("accesskey=")[1]
    return Recorded(SDK, CommunicationIdentityClient, world.emulator().origin, AzureKeyCredential(key), **options)


def by_token(**options):
    credential = ClientSecretCredential(world.TENANT, world.DAEMON.id, world.DAEMON.secret, authority=world.emulator().origin, instance_discovery=False)
    return Recorded(SDK, CommunicationIdentityClient, world.emulator().origin, credential, **options)


def expiry(token):
    """expires_on is what the service wrote: with seven decimals."""
    whole, rest = token.expires_on.split(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]}{rest[7:]}")


class Identity(Case):
    def near(self, got, minutes):
        want = datetime.now(timezone.utc) + timedelta(minutes=minutes)
        self.assertLess(abs((got - want).total_seconds()), 30)

    def life(self, client):
        user = client.create_user()
        self.assertRegex(user.properties["id"], world.IDENTITY)
        self.assertEqual(user.raw_id, user.properties["id"])
        token = client.get_token(user, [CommunicationTokenScope.CHAT, "voip"])
        self.near(expiry(token), 24 * 60)
        self.assertEqual(world.claims(token.token)["acsScope"], "chat,voip")
        self.assertIsNone(client.revoke_tokens(user))
        client.get_token(user, ["chat"])
        self.assertIsNone(client.delete_user(user))
        self.assertTrue(world.identities()[user.raw_id]["deleted"])

    def test_life_by_connection_string(self):
        self.life(by_connection_string())

    def test_life_by_key(self):
        self.life(by_key())

    def test_life_by_entra_token(self):
        self.life(by_token())

    def test_every_api_version(self):
        for version in ("2021-03-07", "2022-06-01", "2022-10-01", "2023-10-01"):
            with self.subTest(version):
                client = by_connection_string(api_version=version)
                client.delete_user(client.create_user())

    def test_a_slash_ends_the_endpoint(self):
        by_connection_string().create_user()  # there the SDK takes it off
        key = AzureKeyCredential(world.emulator().connectionString.split("accesskey=")[1])
        client = Recorded(SDK, CommunicationIdentityClient, world.emulator().origin + "/", key)
        self.refused(401, "Denied", client.create_user)  # here it becomes part of the host that is signed, as users report of the real service

    def test_user_and_token(self):
        user, token = by_connection_string().create_user_and_token(["voip"])
        self.assertRegex(user.raw_id, world.IDENTITY)
        claims = world.claims(token.token)
        self.assertEqual((claims["acsScope"], "8:" + claims["skypeid"]), ("voip", user.raw_id))

    def test_lifetimes(self):
        client = by_connection_string()
        for minutes in (60, 61, 1440):
            with self.subTest(minutes):
                user, token = client.create_user_and_token(["chat"], token_expires_in=timedelta(minutes=minutes))
                self.near(expiry(token), minutes)
                self.near(expiry(client.get_token(user, ["chat"], token_expires_in=timedelta(minutes=minutes))), minutes)

    def test_teams_user(self):
        entra = world.mint(user="alice", teams=True, expiresInSeconds=4000)
        token = by_connection_string().get_token_for_teams_user(entra, world.SPA.id, world.ALICE)
        self.assertEqual(round(expiry(token).timestamp()), world.claims(entra)["exp"])
