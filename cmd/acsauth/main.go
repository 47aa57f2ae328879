// Command acsauth is the ACS authentication server: it turns a user's Microsoft
// Entra ID token into an Azure Communication Services identity and token.
package main

import (
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

func main() { os.Exit(cli.Main(run)) }
