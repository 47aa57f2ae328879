package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/internal/config"
)

// settings reports every fault of the settings, and returns the names of those that have one.
func (e *exam) settings(faults error) {
	joined, ok := faults.(interface{ Unwrap() []error })
	if !ok {
		e.ok("config.settings", "", "all are understood")
		return
	}
	for _, err := range joined.Unwrap() {
		f, ok := errors.AsType[*config.Fault](err)
		if !ok {
			f = &config.Fault{Name: "settings", Problem: err.Error()}
		}
		e.faulty = append(e.faulty, f.Name)
		what := advice{"correct it, or take it away", f.Name}
		if f.Write != "" {
			what.change = "write " + f.Write
		}
		e.bad("config.settings", f.Name, Fault, f.Problem, what)
	}
}

// wrong reports whether a setting whose name begins so has a fault, so that what depends on it cannot be looked at.
func (e *exam) wrong(prefixes ...string) bool {
	return slices.ContainsFunc(e.faulty, func(name string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// files looks at what the settings say together with the files that they name.
func (e *exam) files() {
	if len(e.faulty) > 0 {
		e.skip("config.files", "", "the settings have faults")
		return
	}
	err := service.CheckFiles(e.cfg, e.AllowLoopback)
	if err == nil {
		e.ok("config.files", "", "all are read and understood")
		return
	}
	for line := range strings.Lines(err.Error()) {
		name, problem, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if !strings.HasPrefix(name, "ACSAUTH_") {
			name, problem = "ACSAUTH_ISSUERS", strings.TrimSpace(line)
		}
		e.bad("config.files", name, Fault, problem, advice{"correct the file, or name another one", name})
	}
}

// unwise looks for what is allowed and yet unwise.
func (e *exam) unwise() {
	e.aliases()
	c := e.cfg
	e.judge("config.clients", "", !slices.Contains(c.AllowedClients, "*"), "named one by one", "any application of the tenants may call",
		advice{"name the client ids of your applications", "ACSAUTH_ALLOWED_CLIENTS"})
	e.judge("config.origins", "", !slices.Contains(c.AllowedOrigins, "*"), fmt.Sprintf("%d named", len(c.AllowedOrigins)), "pages of any origin may call",
		advice{"name the origins of your pages", "ACSAUTH_ALLOWED_ORIGINS"})
	e.judge("config.metrics", "", c.MetricsListen == config.Off || config.LoopbackOnly(c.MetricsListen), c.MetricsListen, "the metrics listen on "+c.MetricsListen+", which other machines can reach, and ask for no token",
		advice{"listen on 127.0.0.1, or see that the network lets only your monitoring in", "ACSAUTH_METRICS_LISTEN"})
	e.audit()
	e.limits()
	e.replicas()
	switch {
	case c.PublicURL == "":
		e.bad("config.public-url", "", Warning, "is not set: clients find no metadata (RFC 9728)", advice{"set the URL under which clients reach the service", "ACSAUTH_PUBLIC_URL"})
	default:
		e.judge("config.public-url", "", strings.HasPrefix(c.PublicURL, "https://"), c.PublicURL, c.PublicURL+" is not https: tokens would travel in plain text",
			advice{"use https", "ACSAUTH_PUBLIC_URL"})
	}
	e.judge("config.playground", "", c.PlaygroundClientID == "", "off", "the page to try the service is on, for everybody who can reach it",
		advice{"unset it where nobody tries the service", "ACSAUTH_PLAYGROUND_CLIENT_ID"})
	e.judge("config.adoption", "", !c.GraphAdopt, "none are taken over", "unsigned identities in Microsoft Graph are taken for true, and users can write such values themselves",
		advice{"unset it when the migration is over; see docs/moving.md", "ACSAUTH_GRAPH_ADOPT"})
}

// judge notes one thing that is well or unwise.
func (e *exam) judge(id, subject string, well bool, seen, unwise string, what advice) {
	if well {
		e.ok(id, subject, seen)
		return
	}
	e.bad(id, subject, Warning, unwise, what)
}

// aliases names settings that were given under a name of the public samples.
func (e *exam) aliases() {
	foreign := 0
	for _, v := range e.cfg.Report() {
		if _, name, ok := strings.Cut(v.Source, " ("); ok {
			name = strings.TrimSuffix(name, ")")
			if strings.HasPrefix(name, "ACSAUTH_") || name == "PORT" || strings.HasPrefix(name, "AZURE_") {
				continue // our own, and those that platforms set
			}
			foreign++
			e.bad("config.aliases", name, Warning, "is a name of the public samples", advice{"rename it to " + v.Name, name})
		}
	}
	if foreign == 0 {
		e.ok("config.aliases", "", "all are our own")
	}
}

func (e *exam) audit() {
	c := e.cfg
	switch {
	case c.Audit == config.Off:
		e.bad("config.audit", "", Warning, "is off: nobody can say later who got a token", advice{"write it to a file or to the output; see docs/audit.md", "ACSAUTH_AUDIT"})
	case c.AuditKeys.IsZero():
		e.bad("config.audit", "", Warning, "has no key: whoever can write the log can make it anew", advice{"make a key: openssl rand -base64 32", "ACSAUTH_AUDIT_KEYS_FILE"})
	default:
		e.ok("config.audit", "", c.Audit+", with a key")
	}
}

// limits names those that are off. The limit by address is off by default, since it needs to know the proxies.
func (e *exam) limits() {
	c := e.cfg
	off := 0
	for _, l := range []struct {
		name string
		rate config.Rate
	}{
		{"ACSAUTH_LIMIT_USER", c.LimitUser}, {"ACSAUTH_LIMIT_TENANT", c.LimitTenant},
		{"ACSAUTH_LIMIT_CREATES", c.LimitCreates}, {"ACSAUTH_LIMIT_TENANT_CREATES", c.LimitTenantCreates},
	} {
		if l.rate == (config.Rate{}) {
			off++
			e.bad("config.limits", l.name, Warning, "is off: one caller can use up what ACS allows for all", advice{"set it, or leave it out for the default", l.name})
		}
	}
	if c.QuotaPercent() == 0 {
		off++
		e.bad("config.limits", "ACSAUTH_ACS_QUOTA", Warning, "is off: calls beyond the limits of ACS are sent, refused and counted", advice{"set it, or leave it out for the default", "ACSAUTH_ACS_QUOTA"})
	}
	if off == 0 {
		e.ok("config.limits", "", "all are on")
	}
}

// replicas compares their number with what the store allows.
func (e *exam) replicas() {
	c := e.cfg
	name := c.Store
	if c.UsesGraph() {
		name = c.GraphJournal
	}
	store, err := config.ParseStore(name)
	if c.Replicas > 1 && err == nil && store.Kind == config.SQLite {
		e.bad("config.replicas", "", Fault, fmt.Sprintf("%d replicas, and a store that one process at a time may use", c.Replicas),
			advice{"use postgres, tables or cosmos, or one replica", "ACSAUTH_STORE, ACSAUTH_REPLICAS"})
		return
	}
	e.ok("config.replicas", "", fmt.Sprintf("%d with the store %s", c.Replicas, c.StoreKind()))
}
