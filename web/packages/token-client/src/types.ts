import type { AcsauthError } from "./errors.js";

/** A token of ACS, as the server answers it. */
export interface AcsToken {
  token: string;
  /** RFC 3339, UTC. */
  expiresOn: string;
  /** The same, in milliseconds since 1970. */
  expiresOnTimestamp: number;
  /** RFC 3339, UTC: from then on a fresh token is wanted. 11 minutes before the end; the ACS libraries begin at 10. */
  refreshAfter: string;
  kind: "communicationUser" | "teamsUser";
  /** Endpoint of the ACS resource, such as https://contoso.communication.azure.com. */
  endpoint: string;
  scopes?: string[];
  user: { id: string; rawId: string; communicationUserId?: string; microsoftTeamsUserId?: string };
}

/** What getAccessToken is asked for. */
export interface AccessTokenRequest {
  /** user: a token for acsauth itself. teams: one with Teams.ManageCalls and Teams.ManageChats of ACS. */
  kind: "user" | "teams";
  /** A claims challenge, JSON as text: hand it to MSAL as `claims`. */
  claims?: string;
  /** The token that came last was of no use: hand it to MSAL as `forceRefresh`. */
  forceRefresh?: boolean;
  signal: AbortSignal;
}

/** What happens; never with a token in it. */
export interface RefresherEvent {
  type: "refreshed" | "shared" | "retry" | "challenged" | "failed";
  /** When, in milliseconds since 1970. */
  at: number;
  /** refreshed, shared: when the new token ends, in milliseconds since 1970. */
  expiresOnTimestamp?: number;
  /** retry: how long is waited, in milliseconds. */
  wait?: number;
  /** retry, failed. */
  error?: AcsauthError;
}

export interface RefresherOptions {
  /** Base URL of the acsauth server: https, or http on this machine. */
  endpoint: string | URL;
  /** Returns an access token of Microsoft Entra ID, as MSAL's acquireTokenSilent gives it in accessToken. */
  getAccessToken: (request: AccessTokenRequest) => Promise<string>;
  /** Fewer ACS scopes than the server would give. Not for Teams users. */
  scopes?: string[];
  /** 60 to 1440, at most what the server gives. Not for Teams users. */
  expiresInMinutes?: number;
  /**
   * Tabs of one origin that use the same name refresh once together. The name must stand for the signed-in user, such as
   * homeAccountId of MSAL. Scripts of the same origin can then get the token, as they can get it from MSAL's cache.
   */
  share?: string | false;
  /** Further tries of a call that failed in a way that may pass. Default 3. */
  retries?: number;
  /** Limit of one try, in milliseconds. Default 10,000. */
  timeout?: number;
  fetch?: typeof fetch;
  onEvent?: (event: RefresherEvent) => void;
}

/** The part of an AbortSignal that is used: that of @azure/abort-controller fits, too. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: (this: any, event: any) => void): void;
  removeEventListener(type: "abort", listener: (this: any, event: any) => void): void;
}

/** A refresher is what AzureCommunicationTokenCredential takes as tokenRefresher. */
export interface TokenRefresher {
  (abortSignal?: AbortSignalLike): Promise<string>;
  /** The same with all that the server said. */
  get(abortSignal?: AbortSignalLike): Promise<AcsToken>;
  /** The token in hand, if there is one. */
  readonly current: AcsToken | undefined;
  /** Forgets the token in hand: the next call gets a fresh one. */
  invalidate(): void;
  /** Ends what is under way; later calls are rejected. */
  dispose(): void;
}
