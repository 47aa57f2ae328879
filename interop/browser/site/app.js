// A page with MSAL, as the documentation of MSAL has it. Tests call the client by globalThis.run.
const script = document.createElement("script");
script.src = `/msal-${config.major}.js`;
const loaded = new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }));
document.head.append(script);

const plain = (error) => ({
  class: error.constructor.name, name: error.name, errorCode: error.errorCode, subError: error.subError, claims: error.claims,
  errorMessage: error.errorMessage ?? String(error), interaction: error instanceof msal.InteractionRequiredAuthError,
});

globalThis.started = (async () => {
  await loaded;
  globalThis.client = new msal.PublicClientApplication(config.msal);
  await client.initialize?.(); // since version 3
  try {
    return { value: await client.handleRedirectPromise() };
  } catch (error) {
    return { error: plain(error) };
  }
})();

globalThis.run = async (name, ...args) => {
  await started;
  try {
    return { value: await client[name](...args) };
  } catch (error) {
    return { error: plain(error) };
  }
};
