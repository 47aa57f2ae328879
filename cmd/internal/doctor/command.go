package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/tokensource"
)

// Flags are those of the command.
type Flags struct {
	Token   string        `help:"File with a user's access token, or - for the standard input: says whether it would be accepted, and whether consent is there." placeholder:"FILE"`
	Canary  bool          `help:"Make one ACS identity, issue and revoke a token for it, and delete it."`
	Timeout time.Duration `help:"How long one check may take, 1s to 1m. Default: 10s." default:"10s" placeholder:"TIME"`
	JSON    bool          `name:"json" help:"Print JSON."`
}

// Help is what both programs say.
const Help = "Settings, files, clocks, issuers, consent and permissions, ACS, the store, and the receiver of telemetry. It goes on after a fault, " +
	"and says of each one what to change and where. Without --canary nothing is made at ACS. No table is made or migrated in PostgreSQL; in the others the " +
	"store is opened as at the start. In the store one lock named doctor is written. No secret and no token is printed. docs/doctor.md explains each check.\n\n" +
	"Exit codes: 0 no fault (there may be warnings), 1 faults, 2 the command line or the token file is wrong."

// Run examines, and prints what was found.
func (f Flags) Run(c cli.Call, o Options) error {
	if f.Timeout < time.Second || f.Timeout > time.Minute {
		return cli.Misused(fmt.Errorf("--timeout: is %v, allowed is 1s to 1m", f.Timeout))
	}
	o.Canary, o.Timeout = f.Canary, f.Timeout
	if f.Token != "" {
		token, err := tokensource.File(f.Token)
		if err != nil {
			return cli.Misused(fmt.Errorf("--token: %w", err))
		}
		o.Token = token
	}
	r := Run(c.Context, o)
	if err := f.print(c.Stdout, r); err != nil {
		return err
	}
	if !r.Passed {
		return cli.Said(cli.Failure)
	}
	return nil
}

func (f Flags) print(w io.Writer, r Report) error {
	if !f.JSON {
		return r.WriteText(w)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
