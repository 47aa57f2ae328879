"""A user of Azure Communication Services, from birth to deletion, with Microsoft's SDK and nothing else.

    acsauth-dev emulate
    export REQUESTS_CA_BUNDLE=...            # the CA file that it prints
    export COMMUNICATION_SERVICES_CONNECTION_STRING=...         # the connection string that it prints, the one with https
    python3 quickstart.py
"""
import os
from datetime import timedelta

from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.core.exceptions import HttpResponseError

client = CommunicationIdentityClient.from_connection_string(os.environ["COMMUNICATION_SERVICES_CONNECTION_STRING"])

user = client.create_user()
print("created", user.properties["id"])

token = client.get_token(user, [CommunicationTokenScope.CHAT, CommunicationTokenScope.VOIP], token_expires_in=timedelta(hours=1))
print("token of", len(token.token.split(".")), "parts, expires", token.expires_on)

client.revoke_tokens(user)
print("revoked")

client.delete_user(user)
print("deleted")

try:
    client.get_token(user, [CommunicationTokenScope.CHAT])
except HttpResponseError as refusal:
    print("no token any more:", refusal.status_code, refusal.error.code)
