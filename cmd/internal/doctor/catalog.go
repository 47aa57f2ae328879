package doctor

// A Check is one thing that is looked at. Its ID never changes, so that scripts may use it.
type Check struct{ ID, Name string }

// Checks lists all checks in the order of the report. docs/doctor.md explains each.
func Checks() []Check {
	return []Check{
		{"config.settings", "the settings"},
		{"config.files", "files that settings name"},
		{"config.secret-files", "permissions of files with secrets"},
		{"config.aliases", "names of the settings"},
		{"config.clients", "client applications that may call"},
		{"config.origins", "web origins that may call"},
		{"config.metrics", "listener of the metrics"},
		{"config.audit", "audit log"},
		{"config.limits", "limits"},
		{"config.replicas", "replicas and the store"},
		{"config.public-url", "URL that clients are told"},
		{"config.playground", "page to try the service"},
		{"config.adoption", "identities of the public samples"},
		{"secrets.vault", "secrets in Key Vault"},
		{"issuer.reach", "way to the issuer"},
		{"issuer.metadata", "metadata of the issuer"},
		{"issuer.keys", "signing keys of the issuer"},
		{"clock.issuer", "clock, compared with the issuer"},
		{"clock.acs", "clock, compared with ACS"},
		{"app.credential", "credential of the app registration"},
		{"app.permission", "application permission for Microsoft Graph"},
		{"app.consent", "consent to act for users in Microsoft Graph"},
		{"token", "the token that was given"},
		{"acs.reach", "way to ACS"},
		{"acs.identity", "managed identity for ACS"},
		{"acs.credential", "credential for ACS"},
		{"acs.canary", "making and deleting an identity"},
		{"store.folder", "folder and disk of the store"},
		{"store.open", "way into the store"},
		{"store.schema", "tables of the store"},
		{"store.rights", "rights of the database user"},
		{"store.write", "writing to the store"},
		{"store.latency", "time of a read and a write"},
		{"store.tls", "TLS of the database"},
		{"store.connections", "connections of the database"},
		{"store.notify", "notifications between replicas"},
		{"store.clock", "clock, compared with the database"},
		{"store.resource", "ACS resource of the mappings"},
		{"store.journal", "what crashes left behind"},
		{"telemetry.otlp", "receiver of telemetry"},
	}
}
