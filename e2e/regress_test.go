package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A regression is a failure that other servers had: what must hold here, what
// shows it against the real program, and the tests of packages that show it more closely.
type regression struct {
	id    string
	holds string
	run   func(t *testing.T, s *target) // nil: package tests only
	tests []string                      // folder and name
}

// regressions are of the list of known failures (advisories of other servers and libraries).
func regressions() []regression {
	authn := func(names ...string) (list []string) {
		for _, n := range names {
			list = append(list, "internal/authn "+n)
		}
		return list
	}
	return []regression{
		{"R-01", "one kid in two tenants and two versions: no crossing, whichever came first", crossedKeys, authn("TestCorpus")},
		{"R-02", "a valid signature of a foreign tenant, or of the key for personal accounts, is refused", foreignTenants, authn("TestCorpus")},
		{"R-03", "nothing exported reads a token without checking it, no setting switches a check off", noUncheckedReading, nil},
		{"R-04", "the Host header changes nothing", hostsChangeNothing, nil},
		{"R-05", "without an audience the program does not start", emptyAudience, nil},
		{"R-06", "wrong audiences are refused on every route", corpusOf('G'), authn("TestCorpus")},
		{"R-07", "audiences as arrays are refused", casesNamed('G', "aud ["), authn("TestCorpus")},
		{"R-08", "a mapping of another ACS resource is refused, and the MAC binds the resource", nil, []string{"internal/broker TestRehome", "internal/store/graph TestMACCoversEveryField"}},
		{"R-09", "an issuer that does not belong to the key is refused", signedByAnother, authn("TestCorpus")},
		{"R-10", "no address in a token is ever connected to", addressesInTokens, authn("TestCorpus")},
		{"R-11", "a redirected key set is not taken, and the old keys stay", redirectedKeys, authn("TestOwnTransport")},
		{"R-12", "a realm that ACS names is not followed", foreignRealm, []string{"acsidentity TestRedirectsAreNotFollowed", "internal/store/graph TestRedirectIsNotFollowed"}},
		{"R-13", "a MiB of dots costs nothing", nil, authn("TestDotsAllocateNothing")},
		{"R-14", "no odd token or key makes the program panic", oddTokens, authn("TestCorpus", "TestWycheproofKeys")},
		{"R-15", "encrypted tokens are refused by their form", encryptedTokens, authn("TestWycheproofEncryption")},
		{"R-16", "a token that one route took is judged anew by another", routesInPairs, nil},
		{"R-17", "keys of caches are structs, and no two of them meet", nil, []string{"internal/authn TestRegressionKeysAreStructs"}},
		{"R-18", "a key that is no longer listed is refused after one load", removedKey, authn("TestRemovedKey")},
		{"R-19", "two faults give one refusal and no caller", casesNamed('E', "expired and badly signed"), authn("TestCorpus")},
		{"R-20", "a probe's User-Agent opens nothing", probeAgents, nil},
		{"R-21", "forwarding headers change nothing", forwardingHeaders, nil},
		{"R-22", "only the exact path of a probe is open", probePaths, nil},
		{"R-23", "fields with _ and with - are never one", fieldTwins, nil},
		{"R-24", "equal e-mail addresses do not make one user of two", equalNames, nil},
		{"R-25", "a token without a user is refused before anything is asked upstream", corpusOf('J'), authn("TestCorpus")},
		{"R-26", "an expired Teams token is refused here", teamsNamed("exp "), authn("TestTeamsCorpus")},
		{"R-27", "credentials do not follow a redirect", redirectedACS, []string{"acsidentity TestRedirectsAreNotFollowed", "internal/store/graph TestRedirectIsNotFollowed"}},
		{"R-28", "each part of a Teams token that is wrong alone is refused", exchangeMatrix, authn("TestTeamsCorpus")},
		{"R-29", "tokens of another kind are refused", corpusOf('I'), authn("TestCorpus")},
		{"R-30", "no other algorithm and no key out of a token", corpusOf('B'), authn("TestCorpus")},
		{"R-31", "no part of a token is a token", cutTokens, authn("TestEveryByteCounts")},
		{"R-32", "one oid in two tenants is two users", sameOIDInTwoTenants, authn("TestV1AndV2GiveOneKeyAndTenantsDoNot")},
		{"R-33", "while requests are cancelled, each answer belongs to its caller", cancelledRequests, nil},
		{"R-34", "what a page token says is bound, not part of a query", nil, []string{"internal/store/postgres TestCursors"}},
		{"R-35", "the PostgreSQL driver is new enough and has no simple protocol", driverVersion, nil},
		{"R-36", "azidentity is new enough, and no chain of credentials is tried", credentialChain, nil},
		{"R-37", "no token in the log at any level", quietLog, nil},
		{"R-38", "a token in the URL is refused and not logged", tokenInURL, nil},
		{"R-39", "an answer has the documented members only", documentedMembers, []string{"internal/server TestContract"}},
		{"R-40", "anonymous requests leave nothing behind", anonymousFlood, nil},
		{"R-41", "an unknown host gets the same check", hostsChangeNothing, nil},
		{"R-42", "CORS goes by the exact list", nil, []string{"e2e TestOrigins"}},
		{"R-43", "built with Go 1.26.6 or newer", goVersion, nil},
		{"R-44", "TLS of its own is 1.2 or newer", tlsVersions, nil},
		{"R-45", "each assertion of the client is made anew", nil, []string{"internal/entra TestCertificate"}},
		{"R-46", "JSON bombs are refused", casesNamed('K', "depth", "values", "members"), authn("TestCorpus")},
		{"R-47", "what an upstream answers is in no error text", upstreamTexts, []string{"acsidentity TestNoSecretInErrorsOrLog", "internal/entra TestClientSecretNeverLeaks"}},
		{"R-48", "no code switches the check of certificates off", noInsecureTLS, nil},
		{"R-49", "there is no anonymous mode", noAnonymousMode, nil},
		{"R-50", "an ACS token lives 60 minutes, and revoke ends it", lifetimeAndRevoke, nil},
	}
}

// TestRegression holds what other servers got wrong.
func TestRegression(t *testing.T) {
	list := regressions()
	if len(list) != 50 {
		t.Errorf("there are %d cases, the list has 50", len(list))
	}
	s := startTarget(t, nil)
	for _, r := range list {
		t.Run(r.id, func(t *testing.T) {
			if r.run == nil && len(r.tests) == 0 {
				t.Error("nothing shows it")
			}
			for _, name := range r.tests {
				mustExist(t, name)
			}
			if r.run != nil {
				r.run(t, s)
			}
			t.Log(r.holds)
		})
	}
	s.health(t)
	s.kill()
	s.checkLog(t)
}

// mustExist fails unless the folder has a test of that name.
func mustExist(t *testing.T, test string) {
	t.Helper()
	folder, name, _ := strings.Cut(test, " ")
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name && fn.Body != nil && len(fn.Body.List) > 0 {
				return
			}
		}
	}
	t.Errorf("there is no test %s in %s", name, folder)
}
