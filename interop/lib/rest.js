// Requests to ACS that no SDK makes, signed with the access key of the resource.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import * as world from "./world.js";

// signed sends a request on plain HTTP, and returns its status and the JSON of its answer.
export async function signed(method, target, body, key = world.keys.primary) {
  const content = body === undefined ? "" : JSON.stringify(body);
  const hash = createHash("sha256").update(content).digest("base64");
  const date = new Date().toUTCString();
  const text = `${method}\n${target}\n${date};${new URL(world.plain).host};${hash}`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  const answer = await fetch(world.plain + target, {
    method, body: content || undefined,
    headers: {
      "x-ms-date": date, "x-ms-content-sha256": hash, "content-type": "application/json",
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    },
  });
  const got = await answer.text();
  return { status: answer.status, body: got === "" ? undefined : JSON.parse(got) };
}

// letIn assigns an Entra user of the first tenant to the resource for a test, in calls of the browser client.
export async function letIn(t, oid) {
  const place = `/access/entra/assignments/${oid}?api-version=2025-03-02-preview`;
  t.after(() => signed("DELETE", place));
  const answer = await signed("PUT", place, { principalType: "user", tenantId: world.tenant, clientIds: [world.spa.id] });
  assert.ok([200, 201].includes(answer.status), JSON.stringify(answer.body));
}
