// Microsoft's SDK against the emulator, with nothing of ours. In one terminal: acsauth-dev emulate
// In another: npm install && npm start. COMMUNICATION_CONNECTION_STRING leads it elsewhere, to Azure for example.
import { CommunicationIdentityClient } from "@azure/communication-identity";

const connectionString = process.env.COMMUNICATION_CONNECTION_STRING ??
  "endpoint=http://127.0.0.1:8081/;accesskey=YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5IGFjY2VzcyBrZXksIHdlbGwga25vd24gYW5kIG5vdCBhIHNlY3JldA==";

// The SDK wants to be told that plain HTTP is meant; Azure has https.
const client = new CommunicationIdentityClient(connectionString, {
  allowInsecureConnection: connectionString.startsWith("endpoint=http://"),
});

const user = await client.createUser();
console.log("user   ", user.communicationUserId);

const { token, expiresOn } = await client.getToken(user, ["chat", "voip"], { tokenExpiresInMinutes: 60 });
console.log("token  ", `${token.length} characters, until ${expiresOn.toISOString()}`);

try {
  await client.getToken(user, ["chat"], { tokenExpiresInMinutes: 59 });
} catch (error) {
  console.log("refused", error.statusCode, error.code, error.message);
}

await client.revokeTokens(user);
await client.deleteUser(user);
console.log("deleted");
