package emulator

// address is the URL of a listener, or empty.
func (e *Emulator) address(pick func() *listener) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := pick(); l != nil {
		return l.url
	}
	return ""
}

// URL is the base URL of the plain protocol listener, for example http://127.0.0.1:49152. It is empty before Start.
func (e *Emulator) URL() string { return e.address(func() *listener { return e.plain }) }

// TLSURL is the base URL of the TLS listener, with the name localhost. It is empty when there is none.
func (e *Emulator) TLSURL() string { return e.address(func() *listener { return e.tls }) }

// AdminURL is the base URL of the administration listener. It is empty when there is none.
func (e *Emulator) AdminURL() string { return e.address(func() *listener { return e.admin }) }

// Authority is the authority URL for an OpenID Connect client: URL()/TenantID.
func (e *Emulator) Authority() string { return e.URL() + "/" + TenantID }

// Issuer is the iss claim of v2 tokens.
func (e *Emulator) Issuer() string { return e.entra.Base() + "/" + TenantID + "/v2.0" }

// GraphURL takes the place of https://graph.microsoft.com; requests go to GraphURL()/v1.0/....
func (e *Emulator) GraphURL() string { return e.URL() }

// ACSURL takes the place of https://{resource}.communication.azure.com.
func (e *Emulator) ACSURL() string { return e.URL() }

// ConnectionString is the connection string of the ACS resource, on the plain listener, with the primary key as it is now.
func (e *Emulator) ConnectionString() string {
	return "endpoint=" + e.ACSURL() + "/;accesskey=" + e.AccessKey(PrimaryKey)
}

// TLSConnectionString is [Emulator.ConnectionString] on the TLS listener. It is empty when there is none.
func (e *Emulator) TLSConnectionString() string {
	if e.TLSURL() == "" {
		return ""
	}
	return "endpoint=" + e.TLSURL() + "/;accesskey=" + e.AccessKey(PrimaryKey)
}

// TLSKeyHash is the hash of the TLS listener's public key, as Chromium's --ignore-certificate-errors-spki-list takes it.
func (e *Emulator) TLSKeyHash() (string, error) { return e.certs.publicKeyHash() }

// CACertPEM is the certificate of the authority that signed the TLS listener's certificate. Its key is thrown away at once.
// It is made anew by each New, unless there is an Options.DataDir to keep it in.
func (e *Emulator) CACertPEM() []byte { return []byte(e.certs.caPEM) }
