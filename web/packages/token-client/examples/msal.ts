import { InteractionRequiredAuthError, type AccountInfo, type IPublicClientApplication } from "@azure/msal-browser";
import type { AccessTokenRequest } from "@acs-solutions/acsauth-token-client";

/** What to ask Entra ID for: a token for acsauth, and one for Teams users. */
export const scopes = (acsauthClientId: string) => ({
  user: [`api://${acsauthClientId}/access_as_user`],
  teams: ["https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"],
});

/** getAccessToken for a refresher: silently if that works, else the user is asked. A page without popups calls acquireTokenRedirect there. */
export const accessTokens = (msal: IPublicClientApplication, account: AccountInfo, wanted: ReturnType<typeof scopes>) =>
  async ({ kind, claims, forceRefresh = false }: AccessTokenRequest): Promise<string> => {
    const request = { account, scopes: wanted[kind], forceRefresh, ...(claims && { claims }) };
    try {
      return (await msal.acquireTokenSilent(request)).accessToken;
    } catch (error) {
      if (!(error instanceof InteractionRequiredAuthError)) throw error;
      return (await msal.acquireTokenPopup(request)).accessToken;
    }
  };
