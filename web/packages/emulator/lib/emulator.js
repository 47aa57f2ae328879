import { call } from "./admin.js";

/** A running emulator. index.d.ts documents its members. */
export class Emulator {
  #program;
  /** @type {Promise<void> | undefined} */
  #stopped;

  /**
   * @param {import("./process.js").Program} program
   * @param {any} info the line that the program printed
   * @param {string | undefined} ca its CA certificate
   */
  constructor(program, info, ca) {
    this.#program = program;
    this.info = info;
    this.pid = program.pid;
    this.authority = info.authority;
    this.graph = info.graph;
    this.acs = info.acs;
    this.admin = info.admin;
    this.connectionString = info.connectionString;
    this.tenantId = info.tenantId;
    this.clientId = info.clientId;
    this.apiClientId = info.apiClientId;
    this.scope = info.scope;
    this.users = info.users ?? [];
    this.environment = info.sdk ?? {};
    this.tls = info.tls && {
      url: info.tls.url, authority: info.tls.authority ?? `${info.tls.url}/${info.tenantId}`,
      connectionString: info.tls.connectionString, caFile: info.tls.ca, ca,
    };
  }

  async token(request = {}) {
    return (await this.post("/token", request)).access_token;
  }

  rehearse(/** @type {string} */ name, /** @type {object | undefined} */ options) {
    return this.post(`/rehearsals/${encodeURIComponent(name)}`, options);
  }

  rehearsals() {
    return this.get("/rehearsals");
  }

  async endRehearsals() {
    await this.delete("/rehearsals");
  }

  async advance(/** @type {string | number} */ by) {
    await this.post("/clock", { advance: typeof by === "number" ? `${by}ms` : by });
  }

  async resetClock() {
    await this.post("/clock", { reset: true });
  }

  async fault(/** @type {string} */ op, /** @type {object} */ fault, times = 1) {
    await this.post("/faults", { op, fault, times });
  }

  async clearFaults() {
    await this.delete("/faults");
  }

  async reset() {
    await this.post("/reset");
  }

  identities() {
    return this.get("/identities");
  }

  requests() {
    return this.get("/requests");
  }

  counters() {
    return this.get("/counters");
  }

  snapshot() {
    return this.get("/snapshot");
  }

  async restore(/** @type {unknown} */ snapshot) {
    await this.post("/restore", snapshot);
  }

  async seed(/** @type {unknown} */ document) {
    await this.post("/seed", document);
  }

  get(/** @type {string} */ path) {
    return call(this.admin, "GET", path);
  }

  post(/** @type {string} */ path, /** @type {unknown} */ body = undefined) {
    return call(this.admin, "POST", path, body);
  }

  delete(/** @type {string} */ path) {
    return call(this.admin, "DELETE", path);
  }

  stop() {
    return (this.#stopped ??= this.#program.stop());
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }
}
