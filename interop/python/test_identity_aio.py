"""azure-communication-identity, its asynchronous client: it sends and signs other bytes than the other one."""
import asyncio

from azure.communication.identity import CommunicationUserIdentifier
from azure.communication.identity.aio import CommunicationIdentityClient
from azure.identity.aio import ClientSecretCredential

import world
from ledger import Case, Recorded

SDK = "azure-communication-identity"


def trusted():
    """Requests of aiohttp do not look at REQUESTS_CA_BUNDLE."""
    return {"connection_verify": world.emulator().tls["ca"]}


class Asynchronous(Case):
    def life(self, make):
        async def steps():
            client, close = make()
            user = await client.create_user()
            self.assertRegex(user.raw_id, world.IDENTITY)
            self.assertEqual(world.claims((await client.get_token(user, ["chat"])).token)["acsScope"], "chat")
            await client.revoke_tokens(user)
            await client.delete_user(user)
            _, token = await client.create_user_and_token(["voip"])
            self.assertEqual(world.claims(token.token)["acsScope"], "voip")
            await client.get_token_for_teams_user(world.mint(teams=True), world.SPA.id, world.ALICE)
            for one in close:
                await one.close()

        asyncio.run(steps())
        self.assertTrue(world.identities())

    def test_life_by_connection_string(self):
        def make():
            client = Recorded(SDK, CommunicationIdentityClient.from_connection_string, world.emulator().tls["connectionString"], **trusted())
            return client, [client]

        self.life(make)

    def test_life_by_entra_token(self):
        def make():
            credential = Recorded("azure-identity", ClientSecretCredential, world.TENANT, world.DAEMON.id, world.DAEMON.secret,
                                  authority=world.emulator().origin, instance_discovery=False, **trusted())
            client = Recorded(SDK, CommunicationIdentityClient, world.emulator().origin, credential, **trusted())
            return client, [client, credential]

        self.life(make)

    def test_foreign_identity(self):
        foreign = CommunicationUserIdentifier("8:acs:11111111-2222-3333-4444-555555555555_00000005-14a2-493b-8a72-5a3a0d000081")

        async def steps():
            client = Recorded(SDK, CommunicationIdentityClient.from_connection_string, world.emulator().tls["connectionString"], **trusted())
            try:
                await client.get_token(foreign, ["chat"])
            finally:
                await client.close()

        self.refused(401, "IdentityNotOwned", lambda: asyncio.run(steps()))
