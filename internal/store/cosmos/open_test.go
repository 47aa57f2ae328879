package cosmos

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// signed signs a request for the description of the account.
func signed(t *testing.T, server *standin.Server, req *http.Request) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(server.Key)
	must(t, err)
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("get\n\n\n" + strings.ToLower(date) + "\n\n"))
	req.Header.Set("x-ms-date", date)
	req.Header.Set("x-ms-version", "2020-11-05")
	req.Header.Set("Authorization", url.QueryEscape("type=master&ver=1.0&sig="+base64.StdEncoding.EncodeToString(mac.Sum(nil))))
}

// refused fails unless Open gives an error that says each of the words and holds no secret.
func refusedOpen(t *testing.T, name string, o Options, words ...string) {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err == nil {
		t.Errorf("%s: opened", name)
		must(t, s.Close())
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error does not say %q: %v", name, word, err)
		}
	}
	if len(o.Key) > 8 && strings.Contains(err.Error(), o.Key[:8]) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%s: the error shows a secret: %v", name, err)
	}
}

// token is a credential that always has the same token.
type token string

func (k token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if k == "" {
		return azcore.AccessToken{}, noCredential{errors.New("nobody is signed in")}
	}
	return azcore.AccessToken{Token: string(k), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

type noCredential struct{ error }

func (noCredential) NonRetriable() {}

func TestOptions(t *testing.T) {
	const key = "c2VjcmV0c2VjcmV0" // secretsecret
	good := Options{Endpoint: "http://127.0.0.1:1", Key: key, AllowHTTP: true}
	for name, c := range map[string]struct {
		change func(o *Options)
		word   string
	}{
		"no endpoint":          {func(o *Options) { o.Endpoint = "" }, "endpoint"},
		"a connection string":  {func(o *Options) { o.Endpoint = "AccountEndpoint=https://x.example/;AccountKey=secret" }, "endpoint"},
		"a path":               {func(o *Options) { o.Endpoint = "https://x.example/secret" }, "no path"},
		"a query":              {func(o *Options) { o.Endpoint = "https://x.example/?secret" }, "no path"},
		"a user":               {func(o *Options) { o.Endpoint = "https://u:secret@x.example/" }, "no path"},
		"another scheme":       {func(o *Options) { o.Endpoint = "ftp://x.example" }, "https"},
		"http":                 {func(o *Options) { o.AllowHTTP = false }, "loopback"},
		"http beyond loopback": {func(o *Options) { o.Endpoint = "http://10.0.0.1" }, "loopback"},
		"http by name":         {func(o *Options) { o.Endpoint = "http://x.example" }, "loopback"},
		"no key":               {func(o *Options) { o.Key = "" }, "neither"},
		"a key that is none":   {func(o *Options) { o.Key = "secret!" }, "base64"},
		"both":                 {func(o *Options) { o.Credential = token("t") }, "both"},
		"a token over http":    {func(o *Options) { o.Key, o.Credential = "", token("t") }, "https"},
		"a database":           {func(o *Options) { o.Database = "a/b" }, "names"},
		"a container":          {func(o *Options) { o.Container = strings.Repeat("x", 256) }, "names"},
	} {
		o := good
		c.change(&o)
		refusedOpen(t, name, o, c.word)
	}
	refusedOpen(t, "nobody there", good, "cannot be reached", "connection refused")
}

func TestAccountsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		options standin.Options
		words   []string
	}{
		"session":             {standin.Options{Consistency: standin.Session}, []string{`"Session"`, "az cosmosdb update", "--max-interval 5 --max-staleness-prefix 10"}},
		"session, two":        {standin.Options{Consistency: standin.Session, SecondRegion: true}, []string{"--max-interval 300 --max-staleness-prefix 100000"}},
		"eventual":            {standin.Options{Consistency: standin.Eventual}, []string{`"Eventual"`}},
		"prefix":              {standin.Options{Consistency: standin.ConsistentPrefix}, []string{`"ConsistentPrefix"`}},
		"several regions":     {standin.Options{MultipleWrites: true, SecondRegion: true}, []string{"several write regions", "--enable-multiple-write-locations false"}},
		"several, one so far": {standin.Options{MultipleWrites: true}, []string{"several write regions"}},
	} {
		server := newAccount(t, c.options)
		refusedOpen(t, name, optionsOf(server), c.words...)
		if got := ops(server); len(got) != 1 || got[0] != standin.OpAccount {
			t.Errorf("%s: more was asked than what the account is: %q", name, got)
		}
	}
	weak := optionsOf(newAccount(t, standin.Options{Consistency: standin.Eventual}))
	weak.AllowSession = true
	refusedOpen(t, "less than session, session allowed", weak, `"Eventual"`)
	var logged bytes.Buffer
	o := optionsOf(newAccount(t, standin.Options{Consistency: standin.Session}))
	o.AllowSession, o.Log = true, slog.New(slog.NewTextHandler(&logged, nil))
	open(t, o)
	if !strings.Contains(logged.String(), "session consistency") {
		t.Errorf("the log says %q", logged.String())
	}
}

// TestAccountText: what is no description of an account is refused.
func TestAccountText(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `null`, `{"writableLocations":[{}]}`,
		`{"writableLocations":[{"databaseAccountEndpoint":"https://a.example/"}]}`,
		`{"writableLocations":[{"databaseAccountEndpoint":"https://a.example/"}],"userConsistencyPolicy":{"defaultConsistencyLevel":"strong"}}`,
		`{"writableLocations":[{"databaseAccountEndpoint":"::"}],"userConsistencyPolicy":{"defaultConsistencyLevel":"Strong"}}`,
	} {
		if a := readAccount([]byte(text), true); !errors.Is(a.err, errAccount) {
			t.Errorf("%s: %v", text, a.err)
		}
	}
	a := readAccount([]byte(`{"writableLocations":[{"databaseAccountEndpoint":"https://a.example:443/"}],"userConsistencyPolicy":{"defaultConsistencyLevel":"Strong"}}`), false)
	if a.err != nil || a.writeHost != "a.example:443" {
		t.Errorf("%+v", a)
	}
}

func TestKeyRefused(t *testing.T) {
	o := optionsOf(newAccount(t, standin.Options{}))
	o.Key = newAccount(t, standin.Options{}).Key
	refusedOpen(t, "another key", o, "the key is not accepted", "401")
	late := newAccount(t, standin.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
	refusedOpen(t, "a clock that is off", optionsOf(late), "check the clock", "403")
}

// containerOf makes a container that the store did not make.
func containerOf(t *testing.T, server *standin.Server, p azcosmos.ContainerProperties) {
	t.Helper()
	key, err := azcosmos.NewKeyCredential(server.Key)
	must(t, err)
	client, err := azcosmos.NewClientWithKey(server.Endpoint(), key, nil)
	must(t, err)
	_, err = client.CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: DefaultDatabase}, nil)
	must(t, err)
	db, err := client.NewDatabase(DefaultDatabase)
	must(t, err)
	p.ID = DefaultContainer
	_, err = db.CreateContainer(t.Context(), p, nil)
	must(t, err)
}

func TestContainersRefused(t *testing.T) {
	short := int32(60)
	key := azcosmos.PartitionKeyDefinition{Paths: []string{partitionPath}}
	for name, c := range map[string]struct {
		properties azcosmos.ContainerProperties
		word       string
	}{
		"partition key": {azcosmos.ContainerProperties{PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Paths: []string{"/id"}}}, "partition key must be /key"},
		"time to live":  {azcosmos.ContainerProperties{PartitionKeyDefinition: key, DefaultTimeToLive: &short}, "expire"},
		"unique keys": {azcosmos.ContainerProperties{PartitionKeyDefinition: key,
			UniqueKeyPolicy: &azcosmos.UniqueKeyPolicy{UniqueKeys: []azcosmos.UniqueKey{{Paths: []string{"/identity"}}}}}, "unique keys"},
		"no index": {azcosmos.ContainerProperties{PartitionKeyDefinition: key, IndexingPolicy: &azcosmos.IndexingPolicy{IndexingMode: azcosmos.IndexingModeNone}}, "no index"},
	} {
		server := newAccount(t, standin.Options{})
		containerOf(t, server, c.properties)
		refusedOpen(t, name, optionsOf(server), c.word)
	}
	server := newAccount(t, standin.Options{})
	containerOf(t, server, azcosmos.ContainerProperties{PartitionKeyDefinition: key}) // as the command line makes it
	must(t, open(t, optionsOf(server)).Insert(t.Context(), pendingRow("alice")))
}

// TestCredential: a token of Entra ID works over https, and cannot make the container.
func TestCredential(t *testing.T) {
	server := newAccount(t, standin.Options{TLS: true, Token: "secret token"})
	transport := server.Client()
	defer transport.CloseIdleConnections()
	o := Options{Endpoint: server.Endpoint(), Credential: token("secret token"), Transport: transport}
	refusedOpen(t, "no container", o, "az cosmosdb sql database create", "--name acsauth",
		"az cosmosdb sql container create", "--database-name acsauth --name mappings --partition-key-path /key")
	withKey := optionsOf(server)
	withKey.Transport = transport
	open(t, withKey)
	s := open(t, o)
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	wantRow(t, s, pendingRow("alice"))
	o.Credential = token("another secret")
	refusedOpen(t, "another token", o, "Cosmos DB Built-in Data Contributor", "401")
	o.Credential = token("")
	refusedOpen(t, "no token", o, "the credential gives no token")
	o.Credential, o.Transport = token("secret token"), nil
	refusedOpen(t, "a certificate of nobody", o, "cannot be reached", "certificate")
}

// TestOpenEnds: Open returns soon after its ctx ends, whatever the service does.
func TestOpenEnds(t *testing.T) {
	for _, op := range []string{standin.OpAccount, standin.OpReadContainer, standin.OpRead} {
		server := newAccount(t, standin.Options{})
		server.Inject(standin.Fault{Kind: standin.Delay, Op: op, Delay: time.Second, Times: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		s, err := Open(ctx, optionsOf(server))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, %v", op, s, err)
		}
		cancel()
	}
}

// TestContainerGone: a container that is missing is no absent row, and another one in its place is noticed.
func TestContainerGone(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	server.DropContainer(DefaultDatabase, DefaultContainer)
	for name, err := range everyVerb(t.Context(), s) {
		if err == nil || errors.Is(err, acsauth.ErrNotFound) || errors.Is(err, acsauth.ErrConflict) || !strings.Contains(err.Error(), "gone") {
			t.Errorf("%s without a container: %v", name, err)
		}
	}
	open(t, optionsOf(server))
	if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("ping of another container: %v", err)
	}
}
