// Package config reads the settings of the service from the environment, an
// optional file and flags, finds every fault in them at once, and can print
// what is in effect without showing a secret.
package config

import (
	"log/slog"
	"time"
)

//go:generate go test -run TestManualIsCurrent . -update

// Config holds every setting. The comments of its fields are the manual:
// docs/configuration.md is made from them.
//
// Tags: env is the name, envDefault the default, alias other names that are
// accepted, secret marks a value that is never printed and may be given as
// NAME_FILE, group the heading in the manual, write what a user is told to write.
type Config struct {
	// Address and port that the service listens on, plain HTTP. Without a host it listens on all addresses.
	// If it is not set and PORT is, as hosting platforms do, the default is that port on all addresses. In acsauth-dev the
	// default is 127.0.0.1:8080.
	Listen string `env:"ACSAUTH_LISTEN" envDefault:":8080" group:"Listening" write:"host:port or :port, such as :8080"`
	// Address and port of the metrics (Prometheus text at /metrics), a listener of its own, or off.
	MetricsListen string `env:"ACSAUTH_METRICS_LISTEN" envDefault:"127.0.0.1:9090" group:"Listening" write:"host:port, such as 127.0.0.1:9090, or off"`
	// URL under which clients reach the service. It is told to them in the protected resource metadata (RFC 9728);
	// without it there is no such metadata.
	PublicURL string `env:"ACSAUTH_PUBLIC_URL" group:"Listening" write:"an https URL, such as https://acsauth.contoso.com"`
	// Certificate chain and private key, PEM, for TLS of the service's own. Changed files are taken over without a restart. Without them the
	// service speaks plain HTTP and needs a proxy in front that speaks TLS.
	TLSCertificate string `env:"ACSAUTH_TLS_CERTIFICATE" group:"Listening" write:"the path of a PEM file with the certificate chain"`
	// Private key of the certificate.
	TLSKey string `env:"ACSAUTH_TLS_KEY" group:"Listening" write:"the path of a PEM file with the private key"`
	// Proxies whose word on the client's address is believed: addresses, networks, loopback or private. Empty: none, and the address of the
	// connection counts.
	TrustedProxies List `env:"ACSAUTH_TRUSTED_PROXIES" group:"Listening" write:"addresses and networks with commas between, such as 10.0.0.0/8, loopback or private"`
	// Header in which those proxies name the client.
	ForwardedHeader string `env:"ACSAUTH_FORWARDED_HEADER" envDefault:"x-forwarded-for" group:"Listening" write:"x-forwarded-for or forwarded"`
	// Web origins whose pages may call the service from a browser (CORS). Empty: none. The single entry * allows all,
	// which is safe for other people's data, since no cookie is ever used, but lets any page try a token that it has.
	AllowedOrigins List `env:"ACSAUTH_ALLOWED_ORIGINS" group:"Listening" write:"origins with commas between, such as https://app.contoso.com, or * alone"`
	// How long the service still takes requests after the signal to stop, while /readyz says no, so that a load balancer
	// can look away first. At most one minute.
	ShutdownDelay time.Duration `env:"ACSAUTH_SHUTDOWN_DELAY" envDefault:"0s" group:"Listening" write:"a duration of 0s to 1m, such as 5s"`
	// How long a stop may take after that delay. Requests in flight are finished for up to 25 seconds; after this time
	// the process ends anyway.
	ShutdownTimeout time.Duration `env:"ACSAUTH_SHUTDOWN_TIMEOUT" envDefault:"28s" group:"Listening" write:"a duration of 1s to 10m, such as 28s"`

	// Directory (tenant) ids of Microsoft Entra ID whose users may call. Only ids are taken: common, organizations and
	// domain names would let in tenants that nobody named.
	TenantIDs List `env:"ACSAUTH_TENANT_IDS" alias:"AzureActiveDirectory__TenantId,microsoftEntraID_tenantId,azureActiveDirectory_tenantId" group:"Callers" write:"the directory (tenant) id of your Entra ID tenant, a GUID; several with commas between"`
	// Whether users of every tenant of the cloud may call, in place of a list of tenants. Anybody can make a tenant, so say with
	// ACSAUTH_POLICY, ACSAUTH_ROLES or the app registration who gets in. Personal Microsoft accounts stay out.
	AnyTenant bool `env:"ACSAUTH_ANY_TENANT" envDefault:"false" group:"Callers" write:"true or false"`
	// Application (client) id of the app registration of this API. Tokens for it are accepted under
	// the id itself and under api://ID.
	ClientID string `env:"ACSAUTH_CLIENT_ID" alias:"AzureActiveDirectory__ClientId,microsoftEntraID_clientId,azureActiveDirectory_clientId" group:"Callers" write:"the application (client) id of this API's app registration, a GUID"`
	// More audiences (App ID URIs) that tokens may carry, if the app registration has other ones than api://CLIENT_ID.
	Audiences List `env:"ACSAUTH_AUDIENCES" group:"Callers" write:"App ID URIs of your own API, such as api://contoso.com/acsauth"`
	// Client applications that may call, by application (client) id. To let every application of the tenants call
	// that may get a token for this API, write * alone. There is no default: saying it is a decision.
	AllowedClients List `env:"ACSAUTH_ALLOWED_CLIENTS" group:"Callers" write:"the application (client) ids of your apps, GUIDs with commas between, or * alone for all"`
	// Client applications whose Teams users' tokens may be exchanged, by application (client) id. Empty: those of
	// ACSAUTH_ALLOWED_CLIENTS; if that is *, exchangeToken is refused.
	TeamsClients List `env:"ACSAUTH_TEAMS_CLIENTS" group:"Callers" write:"the application (client) ids of the apps that sign Teams users in, GUIDs with commas between"`
	// Whether guests of the tenants (users whose home is another directory) may call. Allowed unless said
	// otherwise, as in the public samples.
	AllowGuests bool `env:"ACSAUTH_ALLOW_GUESTS" envDefault:"true" group:"Callers" write:"true or false"`
	// Delegated permission (scope) that a caller's token must carry.
	Scope string `env:"ACSAUTH_SCOPE" envDefault:"access_as_user" group:"Callers" write:"the name of one scope of this API's app registration, such as access_as_user"`
	// App roles, one of which a user must have. Empty: no role is needed.
	Roles List `env:"ACSAUTH_ROLES" group:"Callers" write:"values of app roles of this API's registration, with commas between"`
	// Where Microsoft Entra ID is. Other clouds: https://login.microsoftonline.us, https://login.partner.microsoftonline.cn.
	AuthorityHost string `env:"ACSAUTH_AUTHORITY_HOST" envDefault:"https://login.microsoftonline.com" alias:"AzureActiveDirectory__Instance" group:"Callers" write:"an https URL without a path, such as https://login.microsoftonline.com"`
	// File with further issuers of callers' tokens: other clouds, Entra External ID, Azure AD B2C, any OpenID Connect issuer; see docs/issuers.md. If
	// it is given, ACSAUTH_TENANT_IDS, ACSAUTH_CLIENT_ID and ACSAUTH_ALLOWED_CLIENTS may be left out, all three. It is read at the start.
	Issuers string `env:"ACSAUTH_ISSUERS" group:"Callers" write:"the path of a file of issuers (JSON)"`

	// File that says which callers get which operations, ACS scopes and lifetimes; see docs/policy.md. A changed file is taken over without a
	// restart. Empty: every accepted user gets ACSAUTH_SCOPES and all operations.
	Policy string `env:"ACSAUTH_POLICY" group:"Callers" write:"the path of a policy file (JSON)"`
	// Client applications that may call the administration routes (/api/admin), by application (client) id, if their token has the app role
	// Identities.Read or Identities.Manage, too. Empty: nobody may.
	AdminClients List `env:"ACSAUTH_ADMIN_CLIENTS" group:"Callers" write:"the application (client) ids of your administration tools, GUIDs with commas between"`
	// Application (client) id of a single-page application by which the page to try the service signs users in, at / of the service. Empty: there is
	// no such page. It must be one of ACSAUTH_ALLOWED_CLIENTS, with the page's own URL as redirect URI; see docs/playground.md.
	PlaygroundClientID string `env:"ACSAUTH_PLAYGROUND_CLIENT_ID" group:"Callers" write:"the application (client) id of a single-page application, a GUID"`

	// Connection string of the ACS resource, with its access key. Give either this or ACSAUTH_ACS_ENDPOINT.
	ACSConnectionString Secret `env:"ACSAUTH_ACS_CONNECTION_STRING" alias:"CommunicationServices__ConnectionString,communicationServices_connectionString" secret:"true" group:"Azure Communication Services" write:"the connection string from Keys of your ACS resource: endpoint=https://NAME.communication.azure.com/;accesskey=KEY"`
	// Connection string with the other key of the same ACS resource. With both, a request that one key is refused for is signed with the
	// other, so either key can be regenerated without a failed request; see docs/secrets.md.
	ACSConnectionString2 Secret `env:"ACSAUTH_ACS_CONNECTION_STRING_2" secret:"true" group:"Azure Communication Services" write:"the other connection string from Keys of your ACS resource"`
	// Endpoint of the ACS resource, to be called with a token of Entra ID instead of a key; see ACSAUTH_ACS_CREDENTIAL.
	ACSEndpoint string `env:"ACSAUTH_ACS_ENDPOINT" group:"Azure Communication Services" write:"an https URL without a path, such as https://NAME.communication.azure.com"`
	// Credential used with ACSAUTH_ACS_ENDPOINT: managed-identity, workload-identity or azure-cli. Just the
	// one that is named is tried; there is no chain.
	ACSCredential string `env:"ACSAUTH_ACS_CREDENTIAL" envDefault:"managed-identity" group:"Azure Communication Services" write:"managed-identity, workload-identity or azure-cli"`
	// Client id of a user-assigned managed identity, or of a workload identity. Empty: the system-assigned identity.
	ACSClientID string `env:"ACSAUTH_ACS_CLIENT_ID" alias:"AZURE_CLIENT_ID" group:"Azure Communication Services" write:"the client id of the identity, a GUID"`
	// Tenant of a workload identity.
	ACSTenantID string `env:"ACSAUTH_ACS_TENANT_ID" alias:"AZURE_TENANT_ID" group:"Azure Communication Services" write:"the directory (tenant) id of the workload identity, a GUID"`
	// Path of the federated token of a workload identity. Kubernetes sets the alias.
	ACSTokenPath string `env:"ACSAUTH_ACS_TOKEN_PATH" alias:"AZURE_FEDERATED_TOKEN_FILE" group:"Azure Communication Services" write:"the path of the file with the federated token"`
	// Label of the ACS resource, stored with every mapping: a mapping of one resource is never used with another.
	// Empty: the host of the endpoint. If it is a GUID, the resource's immutable id, every identity that ACS makes is checked to carry it.
	ACSResource string `env:"ACSAUTH_ACS_RESOURCE" group:"Azure Communication Services" write:"the immutable resource id (a GUID) or a name of 1 to 256 letters, digits and . - _"`
	// Version of the ACS identity API.
	ACSAPIVersion string `env:"ACSAUTH_ACS_API_VERSION" envDefault:"2023-10-01" group:"Azure Communication Services" write:"an API version, such as 2023-10-01"`
	// Whether each create carries an id of the attempt, so that what a lost answer left behind can be found and deleted.
	// A preview of ACS, in API version 2025-03-02-preview only.
	ACSCustomIDs bool `env:"ACSAUTH_ACS_CUSTOM_IDS" envDefault:"false" group:"Azure Communication Services" write:"true or false"`

	// Where mappings are kept. sqlite:PATH: a file that one process at a time may use. postgres://USER@HOST/DATABASE: any number of
	// replicas. tables:https://ACCOUNT.table.core.windows.net/TABLE: Azure Table Storage, or the Table API of Azure Cosmos DB.
	// cosmos:https://ACCOUNT.documents.azure.com/DATABASE/CONTAINER: Azure Cosmos DB for NoSQL. graph: the users of Microsoft
	// Entra ID themselves, as the public samples do. It holds no secret, so it may be shown. docs/identity-storage.md compares them.
	Store string `env:"ACSAUTH_STORE" envDefault:"sqlite:acsauth.db" group:"Store" write:"sqlite:PATH, postgres://USER@HOST/DATABASE, tables:URL, cosmos:URL or graph:"`
	// Password or account key of the store (with graph: of the journal's store). Without it tables and cosmos, and postgres if
	// ACSAUTH_STORE_CREDENTIAL is set, are reached with a token of Entra ID.
	StoreSecret Secret `env:"ACSAUTH_STORE_SECRET" secret:"true" group:"Store" write:"the password of the database user, or the key of the storage or Cosmos DB account"`
	// Credential used for the store when there is no secret: managed-identity, workload-identity or azure-cli. Empty: managed-identity for
	// tables and cosmos, none for postgres. The identity is that of ACSAUTH_ACS_CLIENT_ID, ACSAUTH_ACS_TENANT_ID and ACSAUTH_ACS_TOKEN_PATH.
	StoreCredential string `env:"ACSAUTH_STORE_CREDENTIAL" group:"Store" write:"managed-identity, workload-identity or azure-cli"`
	// Whether an account of Cosmos DB with session consistency, the default of the service, is accepted. Then each read of a mapping writes an item
	// first, since without that one replica may not see what another wrote: about four times the request units. Better: bounded staleness.
	CosmosSession bool `env:"ACSAUTH_COSMOS_SESSION" envDefault:"false" group:"Store" write:"true or false"`
	// What becomes of a mapping that was made for another ACS resource: refuse (error identity_of_another_resource), or recreate:
	// the user gets a new identity at this resource, and the old one is written down in the journal. Not with graph.
	Rehome string `env:"ACSAUTH_REHOME" envDefault:"refuse" group:"Store" write:"refuse or recreate"`

	// Rights that the graph store uses: delegated (the caller's own, by the On-Behalf-Of flow; User.ReadWrite) or application (User.ReadWrite.All).
	GraphMode string `env:"ACSAUTH_GRAPH_MODE" envDefault:"delegated" group:"Graph store" write:"delegated or application"`
	// Where Microsoft Graph is. Other clouds: https://graph.microsoft.us, https://microsoftgraph.chinacloudapi.cn.
	GraphURL string `env:"ACSAUTH_GRAPH_URL" envDefault:"https://graph.microsoft.com" group:"Graph store" write:"an https URL without a path, such as https://graph.microsoft.com"`
	// Store for what Graph cannot keep: intents, deletions under way and the journal. Any other kind of store; with sqlite
	// there may be one replica only. Its secret is ACSAUTH_STORE_SECRET.
	GraphJournal string `env:"ACSAUTH_GRAPH_JOURNAL" envDefault:"sqlite:acsauth-journal.db" group:"Graph store" write:"sqlite:PATH, postgres://USER@HOST/DATABASE, tables:URL or cosmos:URL"`
	// Name of the open extension on the user.
	GraphExtension string `env:"ACSAUTH_GRAPH_EXTENSION" envDefault:"com.contoso.identityMapping" group:"Graph store" write:"a reversed domain name of yours and a name, such as com.contoso.identityMapping"`
	// Keys that sign the values, since users can write them: one or two, each 32 bytes or more in base64, with a comma between. The first
	// signs, both are accepted, so that keys can be rotated.
	GraphMACKeys Secret `env:"ACSAUTH_GRAPH_MAC_KEYS" secret:"true" group:"Graph store" write:"one or two keys of 32 bytes or more in base64, such as from: openssl rand -base64 32"`
	// Whether mappings that the public samples wrote into Graph, without a signature, are taken for true: by the graph store always, by any
	// other store at the first call of a user who has no mapping yet. A user can write such a value himself, so whoever knows the id
	// of another user that was not taken over yet can take that identity. Only for as long as a migration takes; see docs/moving.md.
	GraphAdopt bool `env:"ACSAUTH_GRAPH_ADOPT" envDefault:"false" group:"Graph store" write:"true or false"`
	// Client secret of this API's app registration, for the On-Behalf-Of flow and application rights of the graph store. One of
	// ACSAUTH_CLIENT_SECRET, ACSAUTH_CLIENT_CERTIFICATE and ACSAUTH_CLIENT_CREDENTIAL.
	ClientSecret Secret `env:"ACSAUTH_CLIENT_SECRET" alias:"AzureActiveDirectory__ClientSecret,microsoftEntraID_clientSecret,azureActiveDirectory_clientSecret" secret:"true" group:"Graph store" write:"a client secret of this API's app registration"`
	// Certificate and private key of this API's app registration, PEM, in place of a client secret.
	ClientCertificate Secret `env:"ACSAUTH_CLIENT_CERTIFICATE" secret:"true" group:"Graph store" write:"a certificate and its private key in PEM"`
	// Federated identity of this API's app registration, in place of a client secret: managed-identity or workload-identity.
	ClientCredential string `env:"ACSAUTH_CLIENT_CREDENTIAL" group:"Graph store" write:"managed-identity or workload-identity"`

	// Rights of the ACS tokens. A request may ask for fewer, never for others.
	Scopes List `env:"ACSAUTH_SCOPES" envDefault:"chat,voip" group:"Tokens" write:"some of chat, chat.join, chat.join.limited, voip, voip.join with commas between"`
	// Life of the ACS tokens of the action routes (/getToken, /refreshToken), 60 to 1440 minutes. Their clients refresh, so it is short.
	TokenLifetime Minutes `env:"ACSAUTH_TOKEN_LIFETIME" envDefault:"60m" group:"Tokens" write:"minutes or a duration, 60 to 1440 minutes, such as 60 or 2h"`
	// Life of the ACS tokens of the public samples' routes (/api/token), 60 to 1440 minutes. Their clients do not refresh, so it is long.
	SampleTokenLifetime Minutes `env:"ACSAUTH_SAMPLE_TOKEN_LIFETIME" envDefault:"1440m" group:"Tokens" write:"minutes or a duration, 60 to 1440 minutes, such as 1440 or 24h"`

	// Requests that one user may make, in this process. Beyond it: 429 with Retry-After.
	// In acsauth-dev this limit and those below are off unless set.
	LimitUser Rate `env:"ACSAUTH_LIMIT_USER" envDefault:"120/1m" group:"Limits" write:"a number and a time of 1s to 24h, such as 120/1m, or off"`
	// Requests that the users of one tenant (or issuer) may make together, in this process.
	LimitTenant Rate `env:"ACSAUTH_LIMIT_TENANT" envDefault:"6000/1m" group:"Limits" write:"a number and a time of 1s to 24h, such as 6000/1m, or off"`
	// Requests from one address (of IPv6: from one /64), good and bad, in this process. Behind a proxy that is not in ACSAUTH_TRUSTED_PROXIES all clients
	// share an address, so it is off unless you say otherwise.
	LimitAddress Rate `env:"ACSAUTH_LIMIT_ADDRESS" envDefault:"off" group:"Limits" write:"a number and a time of 1s to 24h, such as 600/1m, or off"`
	// Identities that may be made for one user, who deletes and makes them again, in this process.
	LimitCreates Rate `env:"ACSAUTH_LIMIT_CREATES" envDefault:"5/24h" group:"Limits" write:"a number and a time of 1s to 24h, such as 5/24h, or off"`
	// Identities that may be made for the users of one tenant (or issuer) together, in this process. ACS itself makes 1000 in 30 seconds.
	LimitTenantCreates Rate `env:"ACSAUTH_LIMIT_TENANT_CREATES" envDefault:"1000/1m" group:"Limits" write:"a number and a time of 1s to 24h, such as 1000/1m, or off"`
	// Requests with a bearer token that are at work at once. Beyond it: 503 with Retry-After.
	MaxInFlight int `env:"ACSAUTH_MAX_IN_FLIGHT" envDefault:"1024" group:"Limits" write:"a number of 1 to 100000"`
	// Connections at once. Beyond it, new ones are closed.
	MaxConnections int `env:"ACSAUTH_MAX_CONNECTIONS" envDefault:"4096" group:"Limits" write:"a number of 1 to 1000000"`
	// Connections at once from one address (of IPv6: from one /64). 0: no such limit.
	MaxConnectionsPerAddress int `env:"ACSAUTH_MAX_CONNECTIONS_PER_ADDRESS" envDefault:"0" group:"Limits" write:"a number of 0 to 1000000"`

	// Verified tokens of callers that are remembered, so that their signature is not checked again for five minutes. A token is judged by its expiry,
	// and by whether its key is still listed, at each request all the same. Less than 1 KiB each. 0: none.
	VerifiedCache int `env:"ACSAUTH_VERIFIED_CACHE" envDefault:"100000" group:"Performance" write:"a number of 0 to 10000000"`
	// ACS tokens that are kept in memory and handed out again while more than half their life, and at least 15 minutes, is left; see
	// docs/performance.md. Never by /refreshToken, and never after a revocation or deletion. Not with the store graph. 0: each request gets a new one.
	TokenCache int `env:"ACSAUTH_TOKEN_CACHE" envDefault:"64" group:"Performance" write:"a number of MiB, 0 to 65536"`
	// How long a mapping may serve for tokens without asking the store again: off, a time, or auto, which is on for sqlite and postgres and off for the others.
	// With sqlite nothing is ever stale, since the file belongs to this process alone. With postgres, replicas tell each other of changes within
	// milliseconds, and nothing is used while they cannot; 10s is the bound. With tables and cosmos, another replica may hand out tokens of a revoked or
	// deleted identity for the time you set. As many are kept as ACSAUTH_VERIFIED_CACHE says, or 100000. Routes that show an identity always ask the store.
	MappingCache string `env:"ACSAUTH_MAPPING_CACHE" envDefault:"auto" group:"Performance" write:"auto, off, or a duration of 1s to 5m, such as 10s"`
	// Share of the published limits of ACS that all replicas together use, in percent. Requests beyond it wait, and then get 429 with Retry-After. More than
	// 100 if Microsoft has raised the limits of your resource. off: nothing is counted, and ACS itself refuses.
	ACSQuota string `env:"ACSAUTH_ACS_QUOTA" envDefault:"90" group:"Performance" write:"a number of percent, 1 to 1000, or off"`
	// How long a request may wait for its turn at ACS.
	ACSQueue time.Duration `env:"ACSAUTH_ACS_QUEUE" envDefault:"5s" group:"Performance" write:"a duration of 0s to 8s, such as 5s"`
	// Replicas that share the limits of one ACS resource, at most. Each takes its part.
	Replicas int `env:"ACSAUTH_REPLICAS" envDefault:"1" group:"Performance" write:"a number of 1 to 100"`

	// Where the audit log goes: off, stdout (where the log is, too), stderr, or file:PATH, one line of JSON for each decision; see docs/audit.md.
	Audit string `env:"ACSAUTH_AUDIT" envDefault:"off" group:"Audit" write:"off, stdout, stderr or file:PATH"`
	// Keys of the audit log: one or two, each 32 bytes or more in base64, with a comma between. The first makes the keyed hashes that stand for
	// users and chains the lines. Without one, hashes differ from start to start, and whoever can write the file can also make a new chain.
	AuditKeys Secret `env:"ACSAUTH_AUDIT_KEYS" secret:"true" group:"Audit" write:"one or two keys of 32 bytes or more in base64, such as from: openssl rand -base64 32"`
	// Whether audit lines hold the address of the client, which is personal data.
	AuditAddresses bool `env:"ACSAUTH_AUDIT_ADDRESSES" envDefault:"false" group:"Audit" write:"true or false"`
	// Size at which a new audit file is begun.
	AuditFileSize int `env:"ACSAUTH_AUDIT_FILE_SIZE" envDefault:"100" group:"Audit" write:"a number of MiB, 1 to 10240"`

	// Credential that fetches the secrets that are in Azure Key Vault, that is, are given as keyvault:https://VAULT.vault.azure.net/secrets/NAME:
	// managed-identity, workload-identity or azure-cli. The identity is that of ACSAUTH_ACS_CLIENT_ID, ACSAUTH_ACS_TENANT_ID and
	// ACSAUTH_ACS_TOKEN_PATH.
	KeyVaultCredential string `env:"ACSAUTH_KEYVAULT_CREDENTIAL" envDefault:"managed-identity" group:"Secrets" write:"managed-identity, workload-identity or azure-cli"`
	// How often secrets in files are read again while the service runs; those in Key Vault are fetched again as often, but at most every 5 minutes.
	// A changed secret is used without a restart where docs/secrets.md says so.
	SecretsRefresh string `env:"ACSAUTH_SECRETS_REFRESH" envDefault:"1m" group:"Secrets" write:"a duration of 10s to 24h, such as 1m, or off"`

	// Least level that is logged: debug, info, warn, error.
	LogLevel slog.Level `env:"ACSAUTH_LOG_LEVEL" envDefault:"info" group:"Log" write:"debug, info, warn or error"`
	// Form of the log: json or text.
	LogFormat string `env:"ACSAUTH_LOG_FORMAT" envDefault:"json" group:"Log" write:"json or text"`

	issuers []Issuer          // of the file ACSAUTH_ISSUERS
	origins map[string]origin // by name of the setting
	mode    Mode              // that it was loaded for
}
