package explain

// settingFor returns the settings that decide a rule, for the operator. The names
// are those of the main issuer; a file of issuers has members for the same.
func settingFor(code string) string {
	const file = " (or the issuer's entry in the file of ACSAUTH_ISSUERS)"
	switch code {
	case "token_audience":
		return "ACSAUTH_CLIENT_ID, ACSAUTH_AUDIENCES" + file
	case "token_tenant":
		return "ACSAUTH_TENANT_IDS, ACSAUTH_ANY_TENANT" + file
	case "token_issuer":
		return "ACSAUTH_AUTHORITY_HOST" + file
	case "token_client":
		return "ACSAUTH_ALLOWED_CLIENTS, for programs ACSAUTH_ADMIN_CLIENTS" + file
	case "token_guest":
		return "ACSAUTH_ALLOW_GUESTS" + file
	case "token_scope":
		return "ACSAUTH_SCOPE" + file
	case "token_role":
		return "ACSAUTH_ROLES" + file
	case "teams_token_client", "teams_not_configured":
		return "ACSAUTH_TEAMS_CLIENTS" + file
	}
	return ""
}
