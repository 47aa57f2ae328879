// Command acsauth-dev runs the ACS authentication server together with an
// emulator of Microsoft Entra ID, Microsoft Graph and ACS, on this machine only.
// It is for development and tests and needs neither an account nor a network.
package main

import (
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

func main() { os.Exit(cli.Main(run)) }
