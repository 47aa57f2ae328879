package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
)

const acsSettings = "ACSAUTH_ACS_ENDPOINT or ACSAUTH_ACS_CONNECTION_STRING; portal: the Communication Services resource, Overview"

// acs looks at the ACS resource: its name, its clock, the credential, and the canary.
func (e *exam) acs(ctx context.Context) {
	if e.wrong("ACSAUTH_ACS_") {
		e.skipAll("the settings of ACS have faults", "acs.reach", "clock.acs", "acs.identity", "acs.credential", "acs.canary")
		return
	}
	identified := e.identity(ctx)
	a, err := e.get(ctx, strings.TrimRight(e.cfg.Endpoint(), "/")+"/", "")
	if err != nil {
		seen, what := unreached(err, acsSettings)
		e.bad("acs.reach", "", Fault, e.cfg.Endpoint()+": "+seen, what)
		e.skipAll("ACS is not reached", "clock.acs", "acs.credential", "acs.canary")
		return
	}
	e.ok("acs.reach", "", e.cfg.Endpoint()+" answers")
	right := e.clock("clock.acs", "", a)
	if !right && len(e.cfg.ACSKeys()) > 0 {
		e.skipAll("the clock is wrong, and ACS refuses signatures that are off by minutes", "acs.credential", "acs.canary")
		return
	}
	if !identified {
		e.skipAll("there is no token to send", "acs.credential", "acs.canary")
		return
	}
	if !e.credentials(ctx) {
		e.skipAll("ACS takes no credential", "acs.canary")
		return
	}
	e.canary(ctx)
}

// identity gets a token for ACS, if no key is used.
func (e *exam) identity(ctx context.Context) bool {
	c := e.cfg
	if len(c.ACSKeys()) > 0 {
		e.skip("acs.identity", "", "access keys are used")
		return true
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	credential, err := stores.NewCredential(c.ACSCredential, c)
	if err == nil {
		_, err = credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://communication.azure.com//.default"}})
	}
	if err == nil {
		e.ok("acs.identity", "", c.ACSCredential+" gives a token")
		return true
	}
	e.bad("acs.identity", "", Fault, c.ACSCredential+" gives no token: "+cause(err), identityAdvice(c.ACSCredential))
	return false
}

func identityAdvice(kind string) advice {
	switch kind {
	case config.WorkloadIdentity:
		return advice{"see that the pod has the label azure.workload.identity/use, a service account with the client id, and a federated credential for it", "ACSAUTH_ACS_CLIENT_ID, ACSAUTH_ACS_TENANT_ID, ACSAUTH_ACS_TOKEN_PATH; az identity federated-credential list"}
	case config.AzureCLI:
		return advice{"sign in: az login", "ACSAUTH_ACS_CREDENTIAL"}
	}
	return advice{"assign an identity to this machine or app; name its client id if it is user-assigned; off Azure there is none, so use a key there",
		"portal: the app or machine, Identity; az webapp identity assign, az containerapp identity assign, az vm identity assign; ACSAUTH_ACS_CLIENT_ID"}
}

// cause is the first line of an error of the Azure SDK, whose other lines are instructions and answers.
func cause(err error) string {
	text := err.Error()
	for i, r := range text {
		if r == '\n' {
			return text[:i]
		}
	}
	return text
}

// credentials asks ACS with each credential, and reports whether the service can work.
func (e *exam) credentials(ctx context.Context) bool {
	keys := len(e.cfg.ACSKeys())
	if keys == 0 {
		return e.credential(ctx, 0, e.cfg.ACSCredential)
	}
	settings := [...]string{"ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_CONNECTION_STRING_2"}
	works := 0
	for i := range keys {
		if e.credential(ctx, i+1, settings[i]) {
			works++
		}
	}
	return works > 0
}

// credential asks with one credential.
func (e *exam) credential(ctx context.Context, key int, subject string) bool {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	client, err := e.pinger.ACSClient(key)
	if err != nil {
		e.bad("acs.credential", subject, Fault, err.Error(), advice{"correct it", subject})
		return false
	}
	asked, err := service.AskACS(ctx, client)
	answer, _ := errors.AsType[*acsidentity.Error](err)
	if err == nil {
		answer = asked
	}
	switch {
	case answer != nil && answer.StatusCode == http.StatusTooManyRequests:
		e.bad("acs.credential", subject, Warning, "ACS refuses calls because of their rate (status 429)", advice{"wait; if it stays so, lower the load or ask Microsoft for higher limits", "portal: Help + support, New support request; ACSAUTH_ACS_QUOTA, ACSAUTH_REPLICAS"})
		return true
	case err == nil && asked.Code == acsidentity.CodeUnsupportedAPIVersion:
		e.bad("acs.credential", subject, Fault, "ACS does not know the API version "+e.cfg.ACSAPIVersion, advice{"leave it out for the default", "ACSAUTH_ACS_API_VERSION"})
	case err == nil && asked.StatusCode == http.StatusNotFound && asked.Code == "":
		e.bad("acs.credential", subject, Fault, "what answers there is not ACS (status 404)", advice{"correct the endpoint", acsSettings})
	case err == nil:
		e.ok("acs.credential", subject, fmt.Sprintf("is taken (asked about an identity that does not exist: %d %s)", asked.StatusCode, asked.Code))
		return true
	case errors.Is(err, service.ErrACSRefused):
		e.bad("acs.credential", subject, Fault, fmt.Sprintf("ACS refuses it (status %d)", answer.StatusCode), refusedAdvice(key, subject, answer.StatusCode))
	default:
		e.bad("acs.credential", subject, Fault, err.Error(), advice{"see whether Azure reports a fault, and run the doctor again", "https://azure.status.microsoft"})
	}
	return false
}

func refusedAdvice(key int, subject string, status int) advice {
	switch {
	case key > 0:
		return advice{"copy the connection string again: the key was regenerated, is cut off, or is of another resource", "portal: the Communication Services resource, Keys; az communication list-key --name NAME --resource-group GROUP; " + subject}
	case status == http.StatusForbidden:
		return advice{"give the identity a role on the ACS resource, such as Contributor, and wait some minutes until it is in force",
			"portal: the Communication Services resource, Access control (IAM); az role assignment create --role Contributor --assignee OBJECT_ID --scope RESOURCE_ID"}
	}
	return advice{"see that the identity is of the tenant of the ACS resource and has a role on it", "az role assignment list --assignee OBJECT_ID --scope RESOURCE_ID; ACSAUTH_ACS_CLIENT_ID"}
}
