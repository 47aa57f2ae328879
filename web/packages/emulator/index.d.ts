/// <reference lib="esnext.disposable" />

/** How to start the emulator. Everything is optional. */
export interface EmulatorOptions {
  /** Path of acsauth-dev. Default: the environment variable ACSAUTH_DEV, then PATH. */
  binary?: string;
  /** Folder to keep identities in. Default: nothing is kept. */
  data?: string;
  /** Accept more than the real services do. Default: strict. */
  loose?: boolean;
  /** Address of Entra ID, Graph and ACS, on loopback. Default: free ports. */
  listen?: string;
  /** debug, info, warn or error. Default: warn. */
  logLevel?: "debug" | "info" | "warn" | "error";
  /** More flags of `acsauth-dev emulate`. */
  args?: string[];
  /** Variables for the program. It gets none of the others but PATH, the home and temporary folders, and what tells a cloud. */
  env?: Record<string, string>;
  /** Called with each line of the log. */
  log?: (line: string) => void;
  /** Milliseconds to wait until it is ready, 1 to 600000. Default: 30000. */
  timeout?: number;
}

/** What token() takes: the body of POST /token. */
export interface TokenRequest {
  /** Name of a sample user. Default: alice. */
  user?: string;
  /** A token of the Teams user, to be exchanged at ACS. */
  teams?: boolean;
  /** Id of the client application. */
  client?: string;
  version?: "1.0" | "2.0";
  scopes?: string[];
  audience?: string;
  /** Whole seconds, up to a year. */
  expiresInSeconds?: number;
  /** A token of a program without a user. */
  appOnly?: boolean;
  /** Makes the token wrong in one way, such as "expired" or "signature". */
  flaw?: string;
}

/** What goes wrong with calls of one operation. */
export interface Fault {
  status?: number;
  statusAfter?: number;
  retryAfter?: string;
  dropBefore?: boolean;
  dropAfter?: boolean;
  delay?: string;
  badJson?: boolean;
}

export interface EmulatedUser {
  name: string;
  upn: string;
  oid: string;
}

/** The same services over TLS, for SDKs that insist on it. */
export interface EmulatorTLS {
  url: string;
  authority: string;
  connectionString: string;
  /** The CA certificate to trust, in PEM: `tlsOptions: { ca }` of the Azure SDKs. */
  ca: string;
  /** The same as a file, for NODE_EXTRA_CA_CERTS. */
  caFile: string;
}

/** A running emulator. */
export class Emulator implements AsyncDisposable {
  private constructor();
  /** All that `acsauth-dev emulate --json` printed. */
  readonly info: Record<string, any>;
  /** Process id of the emulator. */
  readonly pid: number;
  /** Entra ID authority of the first tenant, over HTTP. */
  readonly authority: string;
  /** Base URL of Microsoft Graph. */
  readonly graph: string;
  /** ACS endpoint. */
  readonly acs: string;
  /** URL of the administration. */
  readonly admin: string;
  /** ACS connection string, over HTTP: the Azure SDK takes it with `allowInsecureConnection: true`. */
  readonly connectionString: string;
  readonly tenantId: string;
  /** A public client that signs users in. */
  readonly clientId: string;
  /** The application that stands for your API. */
  readonly apiClientId: string;
  /** The scope of that API. */
  readonly scope: string;
  readonly users: EmulatedUser[];
  /** Variables by which the Azure SDKs of a program that you start find the emulator and trust it. Empty from an old acsauth-dev. */
  readonly environment: Record<string, string>;
  /** Missing if TLS is switched off. */
  readonly tls?: EmulatorTLS;

  /** An access token of a user, for the API. */
  token(request?: TokenRequest): Promise<string>;
  /** Starts a named scenario, such as "quota-hit", "lost-reply" or "key-rotated", and says what it does. */
  rehearse(name: string, options?: object): Promise<any>;
  /** The scenarios there are. */
  rehearsals(): Promise<any>;
  endRehearsals(): Promise<void>;
  /** Moves the clock of all services, by "24h", "-10m" or milliseconds. */
  advance(by: string | number): Promise<void>;
  /** Puts the clock right again. */
  resetClock(): Promise<void>;
  /** Lets the next calls of an operation, such as "create", go wrong. */
  fault(op: string, fault: Fault, times?: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** Everything back to the start, but for signing keys. */
  reset(): Promise<void>;
  /** The ACS identities, deleted ones included. */
  identities(): Promise<any[]>;
  /** The last requests. */
  requests(): Promise<any[]>;
  counters(): Promise<any>;
  snapshot(): Promise<any>;
  restore(snapshot: unknown): Promise<void>;
  /** Adds users, applications and more. */
  seed(document: unknown): Promise<void>;
  /** Any other route of the administration. */
  get(path: string): Promise<any>;
  post(path: string, body?: unknown): Promise<any>;
  delete(path: string): Promise<any>;
  /** Ends the emulator and waits for it. May be called more than once. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What went wrong, or what the emulator refused. */
export class EmulatorError extends Error {
  constructor(message: string, more?: { status?: number; cause?: unknown });
  /** Status of the answer, if the emulator gave one. */
  readonly status?: number;
}

/** Starts acsauth-dev on free ports and waits until it is ready. It ends with stop(), and with this process, whatever that dies of. */
export function startEmulator(options?: EmulatorOptions): Promise<Emulator>;
