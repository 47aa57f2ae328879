package emulator

import (
	"fmt"
	"strings"
)

// overview is the text of GET / on the administration listener.
func (e *Emulator) overview() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-22s %s\n", name, value) }
	b.WriteString("acsauth emulator - for development, never for production\n\n")
	line("protocols", e.URL())
	line("protocols, TLS", e.TLSURL())
	line("issuer", e.Issuer())
	line("connection string", e.ConnectionString())
	b.WriteByte('\n')
	line("tenant", TenantID+" "+Domain)
	line("API", APIClientID+" scope "+AppIDURI+"/"+Scope)
	line("browser client", SPAClientID)
	line("daemon", DaemonClientID+" role "+AppRole)
	line("ACS resource", ResourceID)
	b.WriteString(`
GET  /ui                    all of this as a page
GET  /healthz               for scripts that wait
GET  /ca.pem                certificate to trust for the TLS listener
GET  /users                 sample users
GET  /counters              what happened how often
GET  /requests              the last requests
GET  /apps                  application registrations
GET  /tokens                the last tokens that were issued, but for the tokens themselves
GET  /identities            ACS identities, deleted ones included
GET  /mappings              extensions of users in Graph
GET  /rehearsals            scenarios to rehearse, and how they stand
POST /rehearsals/{name}     begin one; options such as {"times":3,"retryAfter":"2"}
DEL  /rehearsals            end all; /rehearsals/{name} for one
GET  /faults                faults that are still to come
POST /faults                {"op","times","fault":{"status","statusAfter","code","retryAfter","dropBefore","dropAfter","delay","badJson"}}
DEL  /faults                end all faults
GET  /clock                 the time here
POST /clock                 {"advance":"24h"} or {"reset":true}
GET  /acs                   how ACS behaves
POST /acs                   {"revocationDelay","customIdRace","limits","serviceLimits","loose"}
GET  /graph                 how Graph behaves
POST /graph                 {"readLag","lagVaries","duplicateStatus","claims","throttle","retryAfter"}
GET  /entra                 what requests for tokens meet
POST /entra                 {"consentWithdrawn","claims","code","grants","user","times"}
POST /obo                   {"consentWithdrawn","claims"}: what On-Behalf-Of meets
POST /token                 {"user","teams","client","version","scopes","audience","expiresInSeconds","appOnly","flaw","tenant","policy"}
POST /token/workload        {"subject","audience","expiresInSeconds"}: a service account's, for federation
POST /certificates          {"client","certificate"}: register one, in PEM, for client assertions
POST /sessions/revoke       {"user"}: end all sessions and refresh tokens of a user
POST /keys/rotate           sign with the next key of Entra ID; ?drop=old removes the ones before
POST /acs/keys/primary      make a new access key; also /acs/keys/secondary
GET  /snapshot              all of the state as one JSON document; it holds keys
POST /restore               put such a document in place of the state
POST /seed                  add {"users","apps","identities","extensions"}
POST /reset                 back to the start, but for the signing keys
`)
	return b.String()
}
