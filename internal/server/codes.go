package server

import (
	"net/http"

	"github.com/acs-solutions/acsauth"
)

// A codeInfo is one reason that a problem document can give.
type codeInfo struct {
	Code  string
	Kind  acsauth.Kind
	Title string
	// Status is given where it is not the one of the Kind.
	Status int
}

// codes is the closed list of problem codes. docs/errors.md explains them one by one.
var codes = []codeInfo{
	{"token_missing", acsauth.Unauthenticated, "No bearer token", 0},
	{"token_malformed", acsauth.Invalid, "Malformed Authorization header", 0},
	{"token_invalid", acsauth.Unauthenticated, "Not an access token of Microsoft Entra ID", 0},
	{"token_too_large", acsauth.Invalid, "Token too large", 0},
	{"token_key_unknown", acsauth.Unauthenticated, "Unknown signing key", 0},
	{"token_signature", acsauth.Unauthenticated, "Wrong signature", 0},
	{"token_expired", acsauth.Unauthenticated, "Token expired", 0},
	{"token_not_yet_valid", acsauth.Unauthenticated, "Token not valid yet", 0},
	{"token_lifetime", acsauth.Unauthenticated, "Impossible token lifetime", 0},
	{"token_issuer", acsauth.Unauthenticated, "Wrong issuer", 0},
	{"token_tenant", acsauth.Unauthenticated, "Tenant not accepted", 0},
	{"token_audience", acsauth.Unauthenticated, "Token for another API", 0},
	{"token_version", acsauth.Unauthenticated, "Unusable token version", 0},
	{"token_subject", acsauth.Unauthenticated, "Token names no user", 0},
	{"token_is_id_token", acsauth.Unauthenticated, "ID token instead of access token", 0},
	{"token_for_graph", acsauth.Unauthenticated, "Token for Microsoft Graph", 0},
	{"token_kind", acsauth.Unauthenticated, "Token of another kind", 0},
	{"token_client", acsauth.Forbidden, "Client application not allowed", 0},
	{"token_guest", acsauth.Forbidden, "Guests not allowed", 0},
	{"token_app_only", acsauth.Forbidden, "Token without a user", 0},
	{"token_scope", acsauth.Forbidden, "Scope missing", 0},
	{"token_role", acsauth.Forbidden, "App role missing", 0},
	{"policy_denied", acsauth.Forbidden, "Not allowed by policy", 0},
	{"grant_unsupported", acsauth.Invalid, "Grant type not supported", 0},
	{"target_invalid", acsauth.Invalid, "Not a resource of this server", 0},
	{"client_invalid", acsauth.Invalid, "Client not that of the token", 0},
	{"client_authentication", acsauth.Unauthenticated, "Clients do not authenticate here", 0},
	{"keys_unavailable", acsauth.Unavailable, "Signing keys not available", 0},

	{"teams_token_missing", acsauth.Invalid, "No Teams token", 0},
	{"teams_token_invalid", acsauth.Invalid, "Not a Teams token", 0},
	{"teams_token_expired", acsauth.Forbidden, "Teams token expired", 0},
	{"teams_token_audience", acsauth.Forbidden, "Teams token for another API", 0},
	{"teams_token_scope", acsauth.Forbidden, "Teams scopes missing", 0},
	{"teams_token_client", acsauth.Forbidden, "Teams client not allowed", 0},
	{"teams_token_user", acsauth.Forbidden, "Teams token of another user", 0},
	{"teams_token_tenant", acsauth.Forbidden, "Teams token of another tenant", 0},
	{"teams_not_configured", acsauth.Rejected, "Teams exchange not configured", 0},
	{"teams_token_rejected", acsauth.Forbidden, "Teams token refused by ACS", 0},

	{"scope_invalid", acsauth.Invalid, "Unknown ACS scope", 0},
	{"scope_not_allowed", acsauth.Forbidden, "ACS scope not allowed", 0},
	{"lifetime_invalid", acsauth.Invalid, "Lifetime out of range", 0},
	{"identity_not_found", acsauth.NotFound, "No ACS identity", 0},
	{"identity_of_another_resource", acsauth.Conflict, "Identity of another ACS resource", 0},
	{"identity_lost", acsauth.Conflict, "Identity lost at ACS", 0},
	{"deletion_in_progress", acsauth.Conflict, "Deletion in progress", 0},
	{"identity_pending", acsauth.Unavailable, "Identity being created", 0},
	{"acs_denied", acsauth.Rejected, "ACS refuses this server", 0},
	{"acs_rejected", acsauth.Rejected, "ACS refuses the request", 0},
	{"acs_throttled", acsauth.Throttled, "ACS limits the rate", 0},
	{"acs_unavailable", acsauth.Unavailable, "ACS not available", 0},
	{"acs_timeout", acsauth.Timeout, "ACS too slow", 0},
	{"create_outcome_unknown", acsauth.Unavailable, "Outcome of a create unknown", 0},
	{"store_unavailable", acsauth.Unavailable, "Store not available", 0},
	{"store_timeout", acsauth.Timeout, "Store too slow", 0},
	{"store_cannot_find", acsauth.Rejected, "Store cannot look up identities", http.StatusNotImplemented},
	{"create_limit", acsauth.Throttled, "Too many identities", 0},

	{"consent_required", acsauth.StepUp, "Consent needed", 0},
	{"step_up_required", acsauth.StepUp, "Another sign-in needed", 0},
	{"assertion_rejected", acsauth.Unauthenticated, "Token no longer taken", 0},
	{"entra_user_refused", acsauth.Forbidden, "Entra ID refuses the user", 0},
	{"entra_client_rejected", acsauth.Rejected, "Entra ID refuses this server", 0},
	{"entra_throttled", acsauth.Throttled, "Entra ID limits the rate", 0},
	{"entra_unavailable", acsauth.Unavailable, "Entra ID not available", 0},
	{"entra_timeout", acsauth.Timeout, "Entra ID too slow", 0},
	{"mapping_tampered", acsauth.Conflict, "Mapping tampered with", 0},
	{"mapping_unsigned", acsauth.Conflict, "Mapping not signed", 0},
	{"graph_extension_limit", acsauth.Conflict, "Too many extensions", 0},
	{"graph_denied", acsauth.Rejected, "Graph refuses this server", 0},
	{"graph_rejected", acsauth.Rejected, "Graph refuses the request", 0},
	{"graph_user_unsupported", acsauth.Rejected, "Not a user of Entra ID", 0},
	{"graph_user_missing", acsauth.Unavailable, "Graph does not know the user", 0},
	{"graph_throttled", acsauth.Throttled, "Graph limits the rate", 0},
	{"graph_unavailable", acsauth.Unavailable, "Graph not available", 0},
	{"graph_timeout", acsauth.Timeout, "Graph too slow", 0},
	{"user_absent", acsauth.Unavailable, "The user has to be there", 0},

	{"admin_disabled", acsauth.Forbidden, "Administration switched off", 0},
	{"admin_client", acsauth.Forbidden, "Client not for administration", 0},
	{"admin_role", acsauth.Forbidden, "App role missing", 0},
	{"address_limit", acsauth.Throttled, "Too many requests of an address", 0},
	{"user_limit", acsauth.Throttled, "Too many requests of a user", 0},
	{"tenant_limit", acsauth.Throttled, "Too many requests of a tenant", 0},
	{"audit_unavailable", acsauth.Unavailable, "Audit log not available", 0},

	{"route_not_found", acsauth.NotFound, "No such route", 0},
	{"method_not_allowed", acsauth.Invalid, "Method not allowed", http.StatusMethodNotAllowed},
	{"body_too_large", acsauth.Invalid, "Body too large", http.StatusRequestEntityTooLarge},
	{"body_invalid", acsauth.Invalid, "Unusable body", 0},
	{"media_type_unsupported", acsauth.Invalid, "Media type not supported", http.StatusUnsupportedMediaType},
	{"request_malformed", acsauth.Invalid, "Malformed request", 0},
	{"request_timeout", acsauth.Timeout, "Request took too long", 0},
	{"overloaded", acsauth.Unavailable, "Server overloaded", 0},
	{"internal", acsauth.Internal, "Internal error", 0},
	{"shutting_down", acsauth.Unavailable, "Server shutting down", 0},
}

var kindStatus = map[acsauth.Kind]int{
	acsauth.Internal: http.StatusInternalServerError, acsauth.Invalid: http.StatusBadRequest,
	acsauth.Unauthenticated: http.StatusUnauthorized, acsauth.StepUp: http.StatusUnauthorized,
	acsauth.Forbidden: http.StatusForbidden, acsauth.NotFound: http.StatusNotFound,
	acsauth.Conflict: http.StatusConflict, acsauth.Throttled: http.StatusTooManyRequests,
	acsauth.Rejected: http.StatusBadGateway, acsauth.Unavailable: http.StatusServiceUnavailable,
	acsauth.Timeout: http.StatusGatewayTimeout,
}

// describe returns title and status of an error. A code that is not in the
// list goes by its Kind.
func describe(e *acsauth.Error) (title string, status int) {
	for _, c := range codes {
		if c.Code == e.Code && c.Status != 0 {
			return c.Title, c.Status
		}
		if c.Code == e.Code {
			return c.Title, kindStatus[e.Kind]
		}
	}
	return http.StatusText(kindStatus[e.Kind]), kindStatus[e.Kind]
}
