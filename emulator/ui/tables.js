// The lists of the page: where each comes from and how a row is shown. Everything is set as text, never as HTML.

const time = (text) => (text && !text.startsWith("0001-") ? text.slice(0, 19).replace("T", " ") : "");
const list = (value) => (value ?? []).join(" ");
const short = (text) => (text ? text.slice(0, 12) : "");

/** badge is text with a colour. */
const badge = (text, kind) => ({ text, kind });

const status = (row) => {
  if (row.status === 0) return badge("dropped", "bad");
  if (row.status >= 400) return badge(row.status, row.status >= 500 || row.status === 429 ? "bad" : "warn");
  return badge(row.status, "good");
};

const column = (title, show, style = "") => ({ title, show, style });

const rehearse = "Named scenarios. Each begins with one request, POST /rehearsals/{name}, and ends as it says.";

export const views = [
  {
    id: "requests", title: "Requests", from: "/requests", newestFirst: true,
    hint: "The last 1,000 requests of your programs, newest first. Query values, headers and bodies are not kept.",
    columns: [
      column("Time", (r) => time(r.time).slice(11)),
      column("Status", status),
      column("Service", (r) => r.service ?? ""),
      column("Operation", (r) => r.operation ?? ""),
      column("Error", (r) => r.errorCode ?? ""),
      column("Request", (r) => `${r.method} ${r.path}`, "code path"),
      column("ms", (r) => r.ms.toFixed(1), "number"),
      column("api-version", (r) => r.apiVersion ?? ""),
      column("Client request id", (r) => short(r.clientRequestId), "code"),
    ],
  },
  {
    id: "tokens", title: "Tokens", from: "/tokens", newestFirst: true,
    rows: (data) => data.toSorted((a, b) => a.time.localeCompare(b.time)),
    hint: "The last tokens of Entra ID and of ACS, newest first. A token itself is never kept: its SHA-256 tells which one it is.",
    columns: [
      column("Time", (t) => time(t.time), "when"),
      column("Service", (t) => t.service),
      column("Kind", (t) => t.kind),
      column("Grant or key", (t) => t.grant),
      column("For", (t) => t.subject ?? t.client, "code id"),
      column("Audience or resource", (t) => t.audience, "code id"),
      column("Scopes and roles", (t) => `${list(t.scopes)} ${list(t.roles)}`.trim(), "id"),
      column("Expires", (t) => time(t.expires), "when"),
      column("SHA-256", (t) => short(t.sha256), "code"),
    ],
  },
  {
    id: "identities", title: "Identities", from: "/identities", newestFirst: true,
    hint: "ACS identities, newest first, deleted ones included. The real service has no such list.",
    columns: [
      column("Identity", (i) => i.id, "code wide"),
      column("State", (i) => (i.deleted ? badge("deleted", "warn") : badge("live", "good"))),
      column("Custom id", (i) => i.customId ?? "", "code"),
      column("Created", (i) => time(i.created)),
      column("Tokens", (i) => i.tokensIssued, "number"),
      column("Revoked", (i) => time(i.revokedAt)),
    ],
  },
  {
    id: "mappings", title: "Mappings", from: "/mappings",
    hint: "Open extensions of users in Microsoft Graph, where programs keep which identity belongs to whom.",
    columns: [
      column("User", (m) => m.user, "code"),
      column("Name", (m) => m.name),
      column("Application", (m) => m.app, "code"),
      column("Data", (m) => JSON.stringify(m.data), "code wide"),
    ],
  },
  {
    id: "users", title: "Users", from: "/users",
    hint: "Users that can sign in, without a password.",
    columns: [
      column("Name", (u) => u.name),
      column("Display name", (u) => u.displayName),
      column("User principal name", (u) => u.userPrincipalName),
      column("Object id", (u) => u.objectId, "code id"),
      column("Tenant", (u) => u.tenantId, "code id"),
      column("Kind", (u) => (u.guest ? badge("guest", "warn") : "member")),
      column("Teams", (u) => (u.teamsLicense ? "licensed" : "no licence")),
    ],
  },
  {
    id: "apps", title: "Apps", from: "/apps",
    hint: "Application registrations. Secrets are left out.",
    columns: [
      column("Name", (a) => a.name),
      column("Client id", (a) => a.id, "code"),
      column("Kind", (a) => (a.public ? "public" : "confidential")),
      column("Tenant", (a) => a.tenantId, "code"),
      column("Redirect URIs", (a) => [...(a.redirectUris ?? []), ...(a.loopback ? ["http://localhost (any port)"] : [])].join(" "), "code wide"),
    ],
  },
  { id: "rehearsals", title: "Rehearsals", from: "/rehearsals", cards: true, hint: rehearse, endAll: "End all rehearsals" },
  {
    id: "faults", title: "Faults", from: "/faults", endAll: "End all faults",
    hint: "Faults that are still to come, the oldest first. POST /faults adds one.",
    columns: [
      column("Operation", (f) => f.op || "all of ACS"),
      column("Times", (f) => (f.times < 0 ? "no bound" : f.times), "number"),
      column("Until", (f) => time(f.until)),
      column("Rehearsal", (f) => f.rehearsal ?? ""),
      column("Fault", (f) => JSON.stringify(f.fault), "code wide"),
    ],
  },
];

/** cells shows a row. */
export const cells = (view, row) => view.columns.map((c) => c.show(row));
