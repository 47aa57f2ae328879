package config

import (
	"net/url"
	"regexp"
	"strings"
)

// Kinds of stores, the first word of ACSAUTH_STORE.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
	Tables   = "tables"
	Cosmos   = "cosmos"
	Graph    = "graph"
)

// defaultName is the table, database or container that is used if none is named.
const defaultName = "acsauth"

// A StoreName is the value of ACSAUTH_STORE, taken apart. It holds no secret.
type StoreName struct {
	Kind      string
	Path      string // of sqlite: the file
	URL       string // of postgres: the whole name; of tables and cosmos: scheme, host and, on this machine, the account
	Host      string // of postgres, tables and cosmos, without a port
	Account   string // of tables: the storage account
	Table     string // of tables
	Database  string // of cosmos
	Container string // of cosmos
}

// site is the URL of a service without a path.
func (n StoreName) site() string {
	u, err := url.Parse(n.URL)
	if err != nil {
		return n.URL
	}
	return u.Scheme + "://" + u.Host
}

var (
	tableForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,62}$`)
	resourceForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// ParseStore takes the name of a store apart. Its error says what is wrong, in the form "has no ...".
func ParseStore(name string) (StoreName, error) {
	kind, rest, ok := strings.Cut(name, ":")
	switch {
	case !ok:
		return StoreName{}, problem("names no known store")
	case kind == SQLite:
		return sqliteName(rest)
	case kind == Postgres || kind == "postgresql":
		return postgresName(name)
	case kind == Tables:
		return tablesName(rest)
	case kind == Cosmos:
		return cosmosName(rest)
	case kind == Graph && rest == "":
		return StoreName{Kind: Graph}, nil
	case kind == Graph:
		return StoreName{}, problem("has something behind graph:, which stands alone")
	}
	return StoreName{}, problem("names no known store")
}

func sqliteName(path string) (StoreName, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.HasSuffix(path, "/") {
		return StoreName{}, problem("names no file, and mappings that are not kept are identities lost")
	}
	return StoreName{Kind: SQLite, Path: path}, nil
}

func postgresName(name string) (StoreName, error) {
	u, err := url.Parse(name)
	switch {
	case err != nil || u.Opaque != "" || !strings.Contains(name, "://"):
		return StoreName{}, problem("is not a URL of the form postgres://USER@HOST/DATABASE")
	case hasPassword(u):
		return StoreName{}, problem("holds a password, and this setting may be shown; give the password as ACSAUTH_STORE_SECRET or ACSAUTH_STORE_SECRET_FILE")
	case u.Host == "" && u.Query().Get("host") == "":
		return StoreName{}, problem("has no host")
	case strings.Trim(u.Path, "/") == "":
		return StoreName{}, problem("has no database")
	}
	host := u.Hostname()
	if host == "" {
		host = u.Query().Get("host")
	}
	return StoreName{Kind: Postgres, URL: name, Host: host}, nil
}

func hasPassword(u *url.URL) bool {
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// tablesName reads https://ACCOUNT.table.core.windows.net/TABLE, and on this machine http://127.0.0.1:10002/ACCOUNT/TABLE.
func tablesName(rest string) (StoreName, error) {
	u, parts, err := serviceURL(rest)
	if err != nil {
		return StoreName{}, err
	}
	n := StoreName{Kind: Tables, URL: u.Scheme + "://" + u.Host, Host: u.Hostname()}
	if isHere(n.Host) {
		if len(parts) == 0 {
			return StoreName{}, problem("has no account: on this machine it is the first part of the path")
		}
		n.Account, parts = parts[0], parts[1:]
		n.URL += "/" + n.Account
	} else {
		n.Account, _, _ = strings.Cut(n.Host, ".")
	}
	if n.Table = defaultName; len(parts) > 0 {
		n.Table = parts[0]
	}
	if len(parts) > 1 || !tableForm.MatchString(n.Table) {
		return StoreName{}, problem("has no good name of a table: 3 to 63 letters and digits, the first a letter")
	}
	return n, nil
}

// cosmosName reads https://ACCOUNT.documents.azure.com/DATABASE/CONTAINER.
func cosmosName(rest string) (StoreName, error) {
	u, parts, err := serviceURL(rest)
	if err != nil {
		return StoreName{}, err
	}
	n := StoreName{Kind: Cosmos, URL: u.Scheme + "://" + u.Host, Host: u.Hostname(), Database: defaultName, Container: "mappings"}
	if len(parts) > 0 {
		n.Database = parts[0]
	}
	if len(parts) > 1 {
		n.Container = parts[1]
	}
	if len(parts) > 2 || !resourceForm.MatchString(n.Database) || !resourceForm.MatchString(n.Container) {
		return StoreName{}, problem("has more behind the host than a database and a container")
	}
	return n, nil
}

// serviceURL parses a URL of an Azure service and the parts of its path.
func serviceURL(s string) (*url.URL, []string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, nil, problem("has no http or https URL behind its first word")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, nil, problem("holds a user name, a query or a fragment; a key is given as ACSAUTH_STORE_SECRET")
	case oddNumber(u.Hostname()):
		return nil, nil, problem("has a host that is neither a name nor an IP address in its usual form")
	case strings.Contains(u.Hostname(), "-secondary."):
		return nil, nil, problem("is a read-only secondary, whose data lag behind")
	}
	var parts []string
	if path := strings.Trim(u.Path, "/"); path != "" {
		parts = strings.Split(path, "/")
	}
	return u, parts, nil
}
