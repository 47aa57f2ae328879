package main

import (
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth/emulator"
)

// emulatorInfo is what acsauth-dev emulate --json prints: info, and what a program without our service needs.
type emulatorInfo struct {
	info
	Page              string            `json:"page"` // for people
	Domain            string            `json:"domain"`
	Issuer            string            `json:"issuer"`
	ResourceID        string            `json:"resourceId"`
	Tenants           []tenantInfo      `json:"tenants"`
	Apps              []appInfo         `json:"apps"`
	AccessKeys        map[string]string `json:"accessKeys"`        // primary and secondary
	ConnectionStrings map[string]string `json:"connectionStrings"` // http, https, httpSecondary, httpsSecondary, httpOther and httpsOther (another resource)
	SDK               map[string]string `json:"sdk"`               // variables that SDKs read
	ManagedIdentity   map[string]string `json:"managedIdentity"`   // variables that make SDKs find the managed identity: App Service has the first two, IMDS the third
	Trust             []trustLine       `json:"trust,omitempty"`   // how to trust the authority
}

// tenantInfo is a tenant and the authority of those who sign in to it.
type tenantInfo struct {
	ID        string `json:"id"`
	Domain    string `json:"domain"`
	Kind      string `json:"kind"` // workforce, externalId or b2c
	Authority string `json:"authority"`
}

// tenants are all of the emulator, the first one first.
func tenants(e *emulator.Emulator) []tenantInfo {
	return []tenantInfo{
		{emulator.TenantID, emulator.Domain, "workforce", e.Authority()},
		{emulator.OtherTenantID, emulator.OtherDomain, "workforce", e.URL() + "/" + emulator.OtherTenantID},
		{emulator.ExternalTenantID, emulator.ExternalDomain, "externalId", e.URL() + "/" + emulator.ExternalTenantID},
		{emulator.B2CTenantID, emulator.B2CDomain, "b2c", e.URL() + "/" + emulator.B2CTenantID + "/" + emulator.B2CPolicy},
	}
}

// appInfo is a well-known application.
type appInfo struct {
	Name        string `json:"name"`
	ClientID    string `json:"clientId"`
	Secret      string `json:"secret,omitempty"`
	Scope       string `json:"scope,omitempty"`       // that it exposes
	RedirectURI string `json:"redirectUri,omitempty"` // that is registered
	TenantID    string `json:"tenantId,omitempty"`    // default: the first tenant
}

// trustLine is one line that makes one platform trust the authority.
type trustLine struct {
	Platform string `json:"platform"`
	Command  string `json:"command"`
}

// describeAll gathers what any program needs to know. The authority's certificate goes into the file ca, if it is not "".
func describeAll(e *emulator.Emulator, data folder, ca string) (emulatorInfo, error) {
	in, err := describe(e, data, ca)
	if err != nil {
		return emulatorInfo{}, err
	}
	primary, secondary := e.AccessKey(emulator.PrimaryKey), e.AccessKey(emulator.SecondaryKey)
	out := emulatorInfo{
		info: in, Domain: emulator.Domain, Issuer: e.Issuer(), ResourceID: emulator.ResourceID, Page: e.AdminURL() + "/ui",
		AccessKeys: map[string]string{"primary": primary, "secondary": secondary},
		ConnectionStrings: map[string]string{"http": in.ConnectionString, "httpSecondary": strings.Replace(in.ConnectionString, primary, secondary, 1),
			"httpOther": strings.Replace(in.ConnectionString, primary, emulator.OtherAccessKey, 1)},
		ManagedIdentity: map[string]string{
			"IDENTITY_ENDPOINT": e.URL() + "/msi/token", "IDENTITY_HEADER": emulator.IdentityHeader, "AZURE_POD_IDENTITY_AUTHORITY_HOST": e.URL(),
		},
		Tenants: tenants(e),
		Apps: []appInfo{
			{Name: "api", ClientID: emulator.APIClientID, Secret: emulator.APIClientSecret, Scope: in.Scope, RedirectURI: emulator.APIRedirectURI},
			{Name: "browser", ClientID: emulator.SPAClientID, RedirectURI: "http://localhost"},
			{Name: "daemon", ClientID: emulator.DaemonClientID, Secret: emulator.DaemonClientSecret},
			{Name: "external-api", ClientID: emulator.ExternalAPIClientID, Secret: emulator.ExternalAPIClientSecret, TenantID: emulator.ExternalTenantID},
			{Name: "external-browser", ClientID: emulator.ExternalSPAClientID, TenantID: emulator.ExternalTenantID},
			{Name: "b2c-api", ClientID: emulator.B2CAPIClientID, Secret: emulator.B2CAPIClientSecret, TenantID: emulator.B2CTenantID},
			{Name: "b2c-browser", ClientID: emulator.B2CSPAClientID, TenantID: emulator.B2CTenantID},
		},
		SDK: map[string]string{
			"AZURE_TENANT_ID": emulator.TenantID, "AZURE_CLIENT_ID": emulator.DaemonClientID, "AZURE_CLIENT_SECRET": emulator.DaemonClientSecret,
			"AZURE_AUTHORITY_HOST": e.URL(), "COMMUNICATION_SERVICES_CONNECTION_STRING": in.ConnectionString,
		},
	}
	if in.TLS == nil {
		return out, nil
	}
	hash, err := e.TLSKeyHash()
	if err != nil {
		return emulatorInfo{}, err
	}
	out.ConnectionStrings["https"] = in.TLS.ConnectionString
	out.ConnectionStrings["httpsSecondary"] = strings.Replace(in.TLS.ConnectionString, primary, secondary, 1)
	out.ConnectionStrings["httpsOther"] = strings.Replace(in.TLS.ConnectionString, primary, emulator.OtherAccessKey, 1)
	out.SDK["AZURE_AUTHORITY_HOST"], out.SDK["COMMUNICATION_SERVICES_CONNECTION_STRING"] = in.TLS.URL, in.TLS.ConnectionString
	for _, name := range []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} {
		out.SDK[name] = in.TLS.CA
	}
	out.Trust = trustLines(in.TLS.CA, hash)
	return out, nil
}

// trustLines are the lines for each platform. Those of a variable hold for one process, the others until they are undone.
func trustLines(ca, keyHash string) []trustLine {
	file := shellQuote(ca)
	return []trustLine{
		{"Node.js", "export NODE_EXTRA_CA_CERTS=" + file},
		{"Go, OpenSSL, Ruby", "export SSL_CERT_FILE=" + file},
		{"Python requests", "export REQUESTS_CA_BUNDLE=" + file},
		{"curl", "curl --cacert " + file},
		{".NET and others on Debian", "sudo cp " + file + " /usr/local/share/ca-certificates/acsauth-emulator.crt && sudo update-ca-certificates"},
		{"macOS", "security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db " + file},
		{"Windows", "certutil -user -addstore Root " + strconv.Quote(ca)},
		{"Java", "keytool -importcert -noprompt -alias acsauth-emulator -storepass changeit -keystore emulator.p12 -file " + file +
			"   (then java -Djavax.net.ssl.trustStore=emulator.p12)"},
		{"Chromium in a test", "chromium --user-data-dir=\"$(mktemp -d)\" --ignore-certificate-errors-spki-list=" + keyHash},
	}
}

// shellQuote makes one word of a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
