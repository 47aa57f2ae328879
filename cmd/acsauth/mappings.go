package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/moving"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// mappingsCommand groups what can be done with a store when the service is not asked.
type mappingsCommand struct {
	List   mappingsListCommand   `cmd:"" help:"Show the mappings of a store. No user is named unless you ask."`
	Find   mappingsFindCommand   `cmd:"" help:"Show which user an ACS identity belongs to."`
	Export mappingsExportCommand `cmd:"" help:"Write all mappings and the journal to a file."`
	Import mappingsImportCommand `cmd:"" help:"Read a file of export into a store."`
	Copy   mappingsCopyCommand   `cmd:"" help:"Carry all mappings and the journal from one store to another."`
}

// Help is shown by acsauth mappings --help.
func (mappingsCommand) Help() string {
	return "A mapping ties a user to the user's ACS identity. These commands show the mappings and move them to another store, " +
		"for example from SQLite to PostgreSQL. They never call ACS, and they leave the source as it is. docs/moving.md has examples.\n\n" +
		"The password or key of a store is never a flag: use ACSAUTH_STORE_SECRET or ACSAUTH_STORE_SECRET_FILE."
}

// configuredStore are the flags for the one store that a command works on.
type configuredStore struct {
	Config string `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
	Store  string `help:"The store, as ACSAUTH_STORE." placeholder:"DSN" group:"settings"`
}

// A place is a store that is not open yet.
type place struct {
	sources config.Sources
	config  *config.Config
	name    string // of the store, as ACSAUTH_STORE
	secret  config.Secret
}

// load reads the settings that concern the store. Others may be missing: these commands serve nobody.
func (s configuredStore) load(c cli.Call) (place, error) {
	return loadPlace(config.Sources{Environ: c.Env, File: s.Config, Flags: map[string]string{"ACSAUTH_STORE": s.Store}})
}

func loadPlace(sources config.Sources) (place, error) {
	// In this mode a database on this machine may be named, which is normal for such work.
	cfg, err := config.Load(sources, config.Development)
	names := []string{"ACSAUTH_STORE", "ACSAUTH_STORE_SECRET", "ACSAUTH_STORE_SECRET_FILE", "ACSAUTH_STORE_CREDENTIAL", "--config " + sources.File}
	if name, err := config.ParseStore(cfg.Store); err == nil && name.Kind == config.Graph {
		names = append(names, graphSettings()...)
	}
	if err := config.Only(err, names...); err != nil {
		return place{}, cli.Misused(err)
	}
	return place{sources, cfg, cfg.Store, cfg.StoreSecret}, nil
}

// graphSettings are those that the graph store needs besides.
func graphSettings() []string {
	return []string{
		"ACSAUTH_TENANT_IDS", "ACSAUTH_CLIENT_ID", "ACSAUTH_AUTHORITY_HOST", "ACSAUTH_ACS_RESOURCE", "ACSAUTH_GRAPH_MODE", "ACSAUTH_GRAPH_URL", "ACSAUTH_GRAPH_JOURNAL",
		"ACSAUTH_GRAPH_EXTENSION", "ACSAUTH_GRAPH_MAC_KEYS", "ACSAUTH_GRAPH_MAC_KEYS_FILE", "ACSAUTH_GRAPH_ADOPT", "ACSAUTH_CLIENT_SECRET",
		"ACSAUTH_CLIENT_SECRET_FILE", "ACSAUTH_CLIENT_CERTIFICATE", "ACSAUTH_CLIENT_CERTIFICATE_FILE", "ACSAUTH_CLIENT_CREDENTIAL",
	}
}

// another is the store of a flag of its own. The secret of the settings is for the store of the settings only.
func (p place) another(flag, name, secretFile string) (place, error) {
	parsed, err := config.ParseStore(name)
	if err != nil {
		return place{}, cli.Misused(fmt.Errorf("%s: %w; write sqlite:PATH, graph:, postgres://USER@HOST/DATABASE, tables:URL or cosmos:URL", flag, err))
	}
	other := place{sources: p.sources, config: p.config, name: name}
	if parsed.Kind == config.Graph { // has settings of its own, which are checked only if it is the store
		sources := p.sources
		sources.Flags = map[string]string{"ACSAUTH_STORE": name}
		return loadPlace(sources)
	}
	if secretFile != "" {
		secret, err := readSecretFile(secretFile)
		if err != nil {
			return place{}, cli.Misused(fmt.Errorf("%s-secret-file: %w", flag, err))
		}
		other.secret = secret
	} else if name == p.name {
		other.secret = p.secret
	}
	return other, nil
}

// readSecretFile reads a secret from a file, less one line break at its end.
func readSecretFile(path string) (config.Secret, error) {
	const most = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return config.Secret{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	secret := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case err != nil:
		return config.Secret{}, err
	case len(text) > most:
		return config.Secret{}, fmt.Errorf("%s is larger than 64 KiB", path)
	case secret == "":
		return config.Secret{}, fmt.Errorf("%s is empty", path)
	}
	return config.NewSecret(secret), nil
}

// file is the path of a store that is a file, or "".
func (p place) file() string {
	kind, path, _ := strings.Cut(p.name, ":")
	if kind != config.SQLite {
		return ""
	}
	return path
}

// full is the name under which a checkpoint knows the store, wherever the command is run.
func (p place) full() string {
	if path, err := filepath.Abs(p.file()); err == nil && p.file() != "" {
		return config.SQLite + ":" + path
	}
	return p.name
}

// exists reports whether the store is there without making it. Of a service, that is not known before it is opened.
func (p place) exists() bool {
	if p.file() == "" {
		return true
	}
	_, err := os.Stat(p.file())
	return err == nil
}

// open opens the store, and makes it if it is not there yet. A database on this
// machine is normal here.
func (p place) open(c cli.Call) (acsauth.Store, error) {
	// What a store warns of, such as a value at Graph that it refuses, is for the user's eyes.
	spec := stores.FromConfig(p.config, true, telemetry.NewLogger(c.Stderr, "text", slog.LevelWarn))
	spec.DSN, spec.Secret = p.name, p.secret
	if !p.secret.IsZero() {
		spec.Credential = ""
	}
	store, err := stores.Open(c.Context, spec)
	if err != nil {
		return nil, fmt.Errorf("the store %s: %w", p.name, err)
	}
	return store, nil
}

// openExisting opens a store to read from. A slip of the pen must not make a new, empty one.
func (p place) openExisting(c cli.Call) (acsauth.Store, error) {
	if !p.exists() {
		return nil, cli.Misused(fmt.Errorf("the store %s: there is no such file; name the store with --store or ACSAUTH_STORE", p.name))
	}
	return p.open(c)
}

// source opens a store to move from.
func (p place) source(c cli.Call) (moving.Source, acsauth.Store, error) {
	store, err := p.openExisting(c)
	if err != nil {
		return nil, nil, err
	}
	source, err := moving.FromStore(store)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("the store %s: %w", p.name, err), store.Close())
	}
	return source, store, nil
}

// target is how rows are put into a store. Graph takes the writes of the service only.
func (p place) target(store acsauth.Store) moving.Target {
	name, err := config.ParseStore(p.name)
	return moving.Target{Store: store, Stepwise: err == nil && name.Kind == config.Graph}
}
