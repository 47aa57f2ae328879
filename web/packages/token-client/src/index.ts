export { AcsauthError } from "./errors.js";
export { createTeamsTokenRefresher, createTokenRefresher } from "./refresher.js";
export type { AbortSignalLike, AccessTokenRequest, AcsToken, RefresherEvent, RefresherOptions, TokenRefresher } from "./types.js";
