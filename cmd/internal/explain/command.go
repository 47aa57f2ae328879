package explain

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
)

// Flags are those of the command.
type Flags struct {
	Offline bool `help:"Make no request. The signature is then not checked. Without settings, the token is only described."`
	Admin   bool `help:"Judge the token for the administration routes, which programs may call."`
	Teams   bool `help:"The token is the one that a Teams user exchanges, not the one for this API."`
	JSON    bool `name:"json" help:"Print JSON."`
}

// Help is what both programs say.
const Help = "The token is read from the standard input only, since arguments are seen by others and kept by shells:\n\n" +
	"    acsauth explain < token.txt\n\n" +
	"Printed are the verdict, the rule that failed with both sides, what to change, every rule, and the claims that name no person. " +
	"The token itself is not printed, nor oid, sub, upn, names and addresses. docs/explain.md shows the ten commonest mistakes.\n\n" +
	"Exit codes: 0 the token would be accepted, 1 it would be refused, or its signature could not be checked, 2 the command line or the settings are wrong."

// maxToken is the longest token that is read, in bytes, as the service takes it.
const maxToken = 16 << 10

// Options say where settings and token are from.
type Options struct {
	Flags
	Sources       config.Sources
	Mode          config.Mode
	AllowLoopback bool
	In            io.Reader
}

// about are the settings that decide about tokens. Faults of others do not matter here.
var about = [...]string{
	"ACSAUTH_TENANT_IDS", "ACSAUTH_ANY_TENANT", "ACSAUTH_CLIENT_ID", "ACSAUTH_AUDIENCES", "ACSAUTH_ALLOWED_CLIENTS", "ACSAUTH_TEAMS_CLIENTS",
	"ACSAUTH_ADMIN_CLIENTS", "ACSAUTH_ALLOW_GUESTS", "ACSAUTH_SCOPE", "ACSAUTH_ROLES", "ACSAUTH_AUTHORITY_HOST", "ACSAUTH_ISSUERS",
}

// Run explains one token.
func Run(c cli.Call, o Options) error {
	token, notes, err := readToken(o.In)
	if err != nil {
		return cli.Misused(err)
	}
	cfg, faults := config.Load(o.Sources, o.Mode)
	a := answer{Notes: notes, Kind: kindOf(token)}
	switch faults = relevant(faults, cfg.Issuers); {
	case o.Offline && bare(cfg):
		a.describe(token, o.Teams)
	case faults != nil:
		if bare(cfg) {
			faults = errors.Join(faults, errors.New("without settings, a token can be described: give --offline"))
		}
		return cli.Misused(faults)
	default:
		v, err := service.NewVerifier(cfg, o.AllowLoopback, slog.New(slog.DiscardHandler))
		if err != nil {
			return cli.Misused(err)
		}
		if o.Teams {
			a.judgeTeams(v, cfg, token)
		} else {
			a.judge(v.Explain(c.Context, token, authn.ExplainOptions{Offline: o.Offline, Admin: o.Admin}), o.Offline)
		}
	}
	if len(a.Steps) > 0 {
		a.Setting = settingFor(a.Code)
	}
	if err := a.print(c.Stdout, o.JSON); err != nil {
		return err
	}
	if a.Verdict != accepted && a.Verdict != plausible {
		return cli.Said(cli.Failure)
	}
	return nil
}

// relevant keeps the faults of what decides about tokens: the settings above, and the files that they may be in.
func relevant(err error, issuers string) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var kept []error
	for _, e := range joined.Unwrap() {
		f, ok := errors.AsType[*config.Fault](e)
		if ok && (slices.Contains(about[:], f.Name) || strings.HasPrefix(f.Name, "--config ") || issuers != "" && strings.HasPrefix(f.Name, issuers+": ")) {
			kept = append(kept, f)
		}
	}
	return errors.Join(kept...)
}

func (a *answer) print(w io.Writer, asJSON bool) error {
	if !asJSON {
		return a.writeText(w)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(a)
}

// bare reports whether no setting says whose tokens are accepted.
func bare(c *config.Config) bool {
	return len(c.TenantIDs) == 0 && !c.AnyTenant && cmp.Or(c.ClientID, c.Issuers) == "" && len(c.AllowedClients) == 0
}

// readToken reads a token and forgives what people copy along with it.
func readToken(in io.Reader) (token string, notes []string, err error) {
	const room = 1 << 10 // for what is forgiven
	text, err := io.ReadAll(io.LimitReader(in, maxToken+room+1))
	if err != nil {
		return "", nil, errors.New("the token cannot be read from the standard input")
	}
	token = strings.TrimSpace(string(text))
	if token != strings.TrimRight(string(text), "\r\n") {
		notes = append(notes, "White space around the token was left out. In a request it must not be there.")
	}
	if word, rest, _ := strings.Cut(token, " "); strings.EqualFold(word, "Bearer") {
		token = strings.TrimSpace(rest)
		notes = append(notes, "The word Bearer in front of the token was left out. It belongs into the header, once.")
	}
	switch {
	case token == "":
		return "", nil, errors.New("there is no token on the standard input: acsauth explain < token.txt")
	case len(token) > maxToken:
		return "", nil, errors.New("the token is longer than 16384 bytes; the service refuses such a one with token_too_large")
	}
	return token, notes, nil
}
