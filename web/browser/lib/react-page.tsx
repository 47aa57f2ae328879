// The React example in StrictMode, which mounts everything twice.
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { useAcsCredential } from "../../packages/token-client/examples/react.js";

const page = globalThis as any;
const getAccessToken = async () => page.config.token as string;

function App() {
  const credential = useAcsCredential(page.config.endpoint, "bob", getAccessToken);
  useEffect(() => { if (credential) credential.getToken().then(({ token }) => { page.got = token; }, () => {}); }, [credential]);
  return <p>{credential ? "there" : "not yet"}</p>;
}

const root = createRoot(document.getElementById("root")!);
root.render(<StrictMode><App /></StrictMode>);
page.leave = () => root.unmount();
