"""azure-communication-identity: what is refused, and what goes wrong on the way."""
import base64
from datetime import timedelta

from azure.communication.identity import CommunicationUserIdentifier
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceResponseError

import world
from ledger import Case
from test_identity import by_connection_string, by_key, by_token

FOREIGN = CommunicationUserIdentifier("8:acs:11111111-2222-3333-4444-555555555555_00000005-14a2-493b-8a72-5a3a0d000081")


class Refusals(Case):
    def test_wrong_key(self):
        client = by_key(base64.b64encode(b"not the key of any resource at all").decode())
        self.assertIsInstance(self.refused(401, "Denied", client.create_user), ClientAuthenticationError)

    def test_foreign_identity(self):
        client = by_connection_string()
        self.refused(401, "IdentityNotOwned", client.get_token, FOREIGN, ["chat"])
        self.refused(401, "IdentityNotOwned", client.revoke_tokens, FOREIGN)
        self.refused(401, "IdentityNotOwned", client.delete_user, FOREIGN)

    def test_deleted_identity(self):
        client = by_connection_string()
        user = client.create_user()
        client.delete_user(user)
        self.refused(401, "IdentityNotOwned", client.get_token, user, ["chat"])

    def test_lifetime(self):
        client = by_connection_string()
        user = client.create_user()
        for minutes in (59, 1441):
            wrong = {"token_expires_in": timedelta(minutes=minutes)}
            for call in (lambda: client.create_user_and_token(["chat"], **wrong), lambda: client.get_token(user, ["chat"], **wrong)):
                error = self.refused(400, "ValidationError", call)
                self.assertIn(f"ExpiresInMinutes value {minutes} is invalid. Value must be within the [60, 1440] interval.", error.message)
                self.assertEqual(error.error.target, "ExpiresInMinutes")

    def test_scopes(self):
        client = by_connection_string()
        user = client.create_user()
        for wrong in (["pstn"], [], ["chat.join"]):  # this SDK speaks an api-version older than the join scopes
            with self.subTest(wrong):
                self.refused(400, "ValidationError", client.get_token, user, wrong)

    def test_api_version(self):
        error = self.refused(400, "UnsupportedApiVersion", by_connection_string(api_version="2020-01-01").create_user)
        self.assertIn("does not support the API version '2020-01-01'.", error.message)
        old = by_connection_string(api_version="2021-03-07")  # older than the Teams exchange
        self.refused(400, "UnsupportedApiVersion", old.get_token_for_teams_user, world.mint(teams=True), world.SPA.id, world.ALICE)

    def test_teams_exchange(self):
        client = by_connection_string()
        good = world.mint(user="alice", teams=True)
        for name, code, args in (
            ("no token", "InvalidAccessToken", ("", world.SPA.id, world.ALICE)),
            ("expired", "InvalidAccessToken", (world.mint(teams=True, flaw="expired"), world.SPA.id, world.ALICE)),
            ("of the API", "InvalidAccessToken", (world.mint(user="alice"), world.SPA.id, world.ALICE)),
            ("another user", "InvalidAccessToken", (good, world.SPA.id, world.BOB)),
            ("another app", "InvalidAccessToken", (good, world.DAEMON.id, world.ALICE)),
        ):
            with self.subTest(name):
                self.refused(401, code, client.get_token_for_teams_user, *args)
        for args, text in (((good, "no", world.ALICE), "Provided AppId has invalid format."), ((good, world.SPA.id, "no"), "Provided UserId has invalid format.")):
            self.assertIn(text, self.refused(400, "ValidationError", client.get_token_for_teams_user, *args).message)

    def test_entra_token_of_another_audience(self):
        class Wrong:
            def get_token(self, *_, **__):
                from azure.core.credentials import AccessToken
                token = world.mint(user="alice")
                return AccessToken(token, world.claims(token)["exp"])

        from azure.communication.identity import CommunicationIdentityClient
        from ledger import Recorded
        client = Recorded("azure-communication-identity", CommunicationIdentityClient, world.emulator().origin, Wrong())
        self.refused(401, "Denied", client.create_user)


class Faults(Case):
    def setUp(self):
        self.addCleanup(world.admin, "/faults", method="DELETE")

    def test_throttled_calls_are_repeated_as_told(self):
        world.fault("create", status=429, retryAfter="1")
        before = len(world.identities())
        by_connection_string().create_user()
        self.assertEqual(len(world.identities()), before + 1)

    def test_throttled_without_end(self):
        world.fault("issue", times=2, status=429)
        client = by_token(retry_total=0)
        user = client.create_user()
        self.refused(429, "TooManyRequests", client.get_token, user, ["chat"])

    def test_an_error_after_the_effect_makes_a_second_identity(self):
        world.fault("create", statusAfter=500)
        before = len(world.identities())
        by_connection_string(retry_backoff_factor=0.01).create_user()
        self.assertEqual(len(world.identities()), before + 2)  # as at the real service: create is not idempotent

    def test_a_lost_answer_is_an_error_without_repetition(self):
        world.fault("create", dropAfter=True)
        before = len(world.identities())
        with self.assertRaises(ServiceResponseError):
            by_connection_string().create_user()
        self.assertEqual(len(world.identities()), before + 1)

    def test_bad_json(self):
        world.fault("issue", badJson=True)
        client = by_connection_string()
        user = client.create_user()
        with self.assertRaises(HttpResponseError):
            client.get_token(user, ["chat"])
