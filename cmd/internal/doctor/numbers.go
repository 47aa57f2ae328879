package doctor

// A known is what a number of Entra ID means here.
type known struct{ seen, change, where string }

// numbers explains those refusals of Entra ID that a wrong set-up causes.
func numbers() map[string]known {
	const (
		secrets = "portal: App registrations, Certificates & secrets; az ad app credential reset --id CLIENT_ID; ACSAUTH_CLIENT_SECRET_FILE"
		trust   = "portal: App registrations, Certificates & secrets, Federated credentials; az ad app federated-credential list --id CLIENT_ID"
		consent = "portal: App registrations, API permissions, Grant admin consent; az ad app permission admin-consent --id CLIENT_ID"
	)
	return map[string]known{
		"65001":   {"nobody consented that this application acts in Microsoft Graph", "let the user or an administrator consent to User.ReadWrite; the client needs it in its scopes, or the API in knownClientApplications", consent},
		"65004":   {"the user declined the consent", "let an administrator consent for all", consent},
		"90094":   {"only an administrator may consent", "let an administrator consent", consent},
		"7000215": {"the client secret is wrong", "set the value of the secret, not its id", secrets},
		"7000222": {"the client secret is expired", "make a new one; better, use a managed identity or a certificate", secrets},
		"700027":  {"the certificate is not registered with the application", "upload the certificate", "portal: App registrations, Certificates & secrets; ACSAUTH_CLIENT_CERTIFICATE_FILE"},
		"700024":  {"the client's assertion is outside its times", "look at the clock of this machine", "NTP (chronyc tracking, timedatectl)"},
		"700016":  {"the application is not known in this tenant", "correct the client id or the tenant; for another tenant, let its administrator add the application", "ACSAUTH_CLIENT_ID, ACSAUTH_TENANT_IDS; az ad app show --id CLIENT_ID"},
		"700211":  {"no federated credential has this issuer", "add a federated credential for it", trust},
		"700212":  {"no federated credential has this audience", "set the audience api://AzureADTokenExchange", trust},
		"700213":  {"no federated credential has this subject", "correct the subject: system:serviceaccount:NAMESPACE:NAME, or the object id of the managed identity", trust},
		"90002":   {"the tenant does not exist", "copy the directory (tenant) id", "ACSAUTH_TENANT_IDS; portal: Microsoft Entra ID, Overview"},
		"50013":   {"the user's token was not accepted for the exchange: another audience, another key, or expired", "give a fresh token for this API", "the client's scopes; ACSAUTH_CLIENT_ID"},
		"500131":  {"the user's token is for another application", "let client id and audience be of one app registration", "ACSAUTH_CLIENT_ID"},
		"500133":  {"the user's token is expired", "give a fresh token", "--token"},
		"50076":   {"a policy wants multi-factor authentication of this user for Graph", "let the client take part in claims challenges (docs/token-client.md), or change the policy", "portal: Entra ID, Conditional Access"},
		"53003":   {"a Conditional Access policy blocks it", "look at the sign-in log for the policy, and except the application if that is right", "portal: Entra ID, Sign-in logs"},
		"50105":   {"the user is not assigned to the application", "assign the user, or let the application need no assignment", "portal: Enterprise applications, Users and groups"},
		"650057":  {"the application does not ask for this permission of Graph", "add the permission User.ReadWrite of Microsoft Graph", "portal: App registrations, API permissions"},
	}
}
