import { useEffect, useState } from "react";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { createTokenRefresher, type RefresherOptions } from "@acs-solutions/acsauth-token-client";

/**
 * The credential of the signed-in user, for the client libraries of ACS; undefined until there is one. It is made anew when the
 * user or the server changes, and ended with the component. getAccessToken may change from render to render.
 */
export function useAcsCredential(endpoint: string, user: string, getAccessToken: RefresherOptions["getAccessToken"]) {
  const [credential, setCredential] = useState<AzureCommunicationTokenCredential>();
  useEffect(() => {
    const refresher = createTokenRefresher({ endpoint, getAccessToken, share: user });
    const made = new AzureCommunicationTokenCredential({ tokenRefresher: refresher, refreshProactively: true });
    setCredential(made);
    return () => {
      made.dispose();
      refresher.dispose();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a new function is no new user
  }, [endpoint, user]);
  return credential;
}
