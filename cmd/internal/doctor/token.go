package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/explain"
)

// token says what the service would say of the given token.
func (e *exam) token(ctx context.Context, h health) {
	switch {
	case e.Token == "":
		e.skip("token", "", "give --token with a user's token to see whether it is accepted")
		return
	case !h.reached:
		e.skip("token", "", "an issuer is not well")
		return
	case !h.clock:
		e.skip("token", "", "the clock is wrong")
		return
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	var out bytes.Buffer
	err := explain.Run(cli.Call{Context: ctx, Env: e.Sources.Environ, Stdout: &out, Stderr: io.Discard}, explain.Options{
		Flags: explain.Flags{JSON: true}, Sources: e.Sources, Mode: e.Mode, AllowLoopback: e.AllowLoopback, In: strings.NewReader(e.Token),
	})
	var a struct{ Verdict, Code, Expected, Found, Change, Setting, Kind string }
	if out.Len() == 0 || json.Unmarshal(out.Bytes(), &a) != nil {
		seen := "it cannot be judged"
		if err != nil {
			seen = err.Error()
		}
		e.bad("token", "", Fault, seen, advice{"give an access token", "--token"})
		return
	}
	if a.Verdict == "accepted" {
		e.ok("token", "", "would be accepted: "+a.Kind)
		return
	}
	seen := a.Code
	if a.Expected != "" {
		seen += ": expected " + a.Expected + "; found " + a.Found
	}
	where := a.Setting
	if where == "" {
		where = "the client that got the token; docs/errors.md#" + a.Code
	}
	e.bad("token", "", Fault, seen, advice{a.Change, where})
}
