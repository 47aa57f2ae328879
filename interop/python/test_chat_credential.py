"""azure-communication-chat: the credential that a client holds, fed with tokens of the emulator."""
from azure.communication.chat import CommunicationTokenCredential, identifier_from_raw_id
from azure.communication.identity import CommunicationIdentityClient
from azure.core.credentials import AccessToken

import world
from ledger import Case, Recorded, record

SDK = "azure-communication-chat"


class Credential(Case):
    @classmethod
    def setUpClass(cls):
        cls.client = CommunicationIdentityClient.from_connection_string(world.emulator().tls["connectionString"])
        cls.user = cls.client.create_user()

    def fresh(self):
        token = self.client.get_token(self.user, ["chat"]).token
        return AccessToken(token, world.claims(token)["exp"])

    def test_it_reads_the_expiry(self):
        token = self.fresh()
        got = Recorded(SDK, CommunicationTokenCredential, token.token).get_token()
        self.assertEqual((got.token, got.expires_on), token)

    def test_it_refreshes_a_token_that_ends_soon(self):
        asked = []
        old = world.mint(user="alice", expiresInSeconds=60)  # any JWT will do; ACS itself gives none of less than an hour
        credential = Recorded(SDK, CommunicationTokenCredential, old, token_refresher=lambda: asked.append(1) or self.fresh())
        first, second = credential.get_token().token, credential.get_token().token
        self.assertNotEqual(first, old)
        self.assertEqual((first, len(asked)), (second, 1))

    def test_it_refuses_an_expired_one(self):
        old = world.mint(user="alice", flaw="expired")
        credential = Recorded(SDK, CommunicationTokenCredential, old, token_refresher=lambda: AccessToken(old, world.claims(old)["exp"]))
        with self.assertRaisesRegex(ValueError, "is expired"):
            credential.get_token()

    def test_identifiers(self):
        for raw, kind in ((self.user.raw_id, "communication_user"), (f"8:orgid:{world.ALICE}", "microsoft_teams_user")):
            record(SDK, "identifier_from_raw_id")
            self.assertEqual(identifier_from_raw_id(raw).kind, kind)
