// A stand-in for the browser client of the public samples, in the page. It is written from what that client sends and
// reads, and leaves React and the calling page out. globalThis: msal (2), common (1.0), identifiers (2.5), config.
const app = new msal.PublicClientApplication({ auth: config.auth, cache: { cacheLocation: "sessionStorage" } });
const loginRequest = { scopes: [config.scope] };
const teamsUserRequest = {
  scopes: ["https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"],
};
const seen = { errors: [] }; // what the page would show; errors go to the console and nowhere else

// silently gets an Entra token for the first account, which is the only one.
const silently = (request) => app.acquireTokenSilent({ ...request, account: app.getAllAccounts()[0] });

// call sends a request as the sample does: no body, no Content-Type; whatever the status, the answer is read as JSON.
async function call(method, path, tokens) {
  const headers = new Headers();
  for (const [name, value] of Object.entries(tokens)) headers.append(name, value);
  return (await fetch(config.api + path, { method, headers })).json();
}

const bearer = async () => ({ Authorization: `Bearer ${(await silently(loginRequest)).accessToken}` });

// join makes the identity, gets a token for it, and gives both to the credential. C# servers name the user id, Node servers communicationUserId.
async function join() {
  seen.created = await call("POST", "/api/user", await bearer());
  const message = await call("GET", "/api/token", await bearer());
  Object.assign(seen, { message, id: message.user.id, communicationUserId: message.user.communicationUserId });
  return new common.AzureCommunicationTokenCredential(message.token);
}

// older published variants know no POST: whoever has no identity gets a JSON error and stays on the page.
async function joinWithoutUser() {
  const message = await call("GET", "/api/token", await bearer());
  Object.assign(seen, { message });
  return new common.AzureCommunicationTokenCredential(message.token);
}

async function teamsToken() {
  const own = await silently(loginRequest);
  const teams = await silently(teamsUserRequest);
  seen.message = await call("GET", "/api/token/teams", { Authorization: `Bearer ${own.accessToken}`, "teams-user-aad-token": teams.accessToken });
  seen.rawId = identifiers.getIdentifierRawId({ microsoftTeamsUserId: own.uniqueId });
  return seen.message.token;
}

async function joinTeams() {
  const token = await teamsToken();
  const tokenRefresher = async () => { seen.refreshes = (seen.refreshes ?? 0) + 1; return teamsToken(); };
  return new common.AzureCommunicationTokenCredential({ refreshProactively: true, token, tokenRefresher });
}

const ways = {
  "Sign in using Popup": () => app.loginPopup(loginRequest),
  "Sign in using Redirect": () => app.loginRedirect(loginRequest),
  "Join": join, "Join without user": joinWithoutUser, "Join as Teams user": joinTeams,
};

// press does what a button of the page does. An error is written to the console, and the page goes on.
async function press(name) {
  try {
    const result = await ways[name]();
    if (result instanceof common.AzureCommunicationTokenCredential) globalThis.credential = result;
  } catch (error) {
    console.log(error);
    seen.errors.push(String(error));
  }
}

for (const name of Object.keys(ways)) {
  const button = document.createElement("button");
  button.append(name);
  button.onclick = () => { globalThis.pressed = press(name); };
  document.getElementById("root").append(button);
}

// The page comes up in the window of loginPopup, too. MSAL there would clear the answer before MSAL here has read it, which is
// a race that the samples win by the size of their bundle, and MSAL's documentation avoids by a blank page.
const started = opener ? null : app.handleRedirectPromise();

Object.assign(globalThis, { seen, accounts: () => app.getAllAccounts(), started });
