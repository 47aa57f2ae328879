package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// run starts an emulator for an example. In a test, emulator.Start(t, emulator.Options{}) does it in one call.
func run() *emulator.Emulator {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		panic(err)
	}
	if err := e.Start(); err != nil {
		panic(err)
	}
	return e
}

// daemonToken asks for a token as a program without users does.
func daemonToken(e *emulator.Emulator, scope string) (*http.Response, error) {
	return http.PostForm(e.Authority()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {emulator.DaemonClientID}, "client_secret": {emulator.DaemonClientSecret}, "scope": {scope},
	})
}

// Discovery, keys and tokens are where clients of Entra ID look for them.
func Example() {
	e := run()
	defer e.Close()
	resp, err := http.Get(e.Authority() + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println("discovery:", resp.Status)
	// Output:
	// discovery: 200 OK
}

// In a test, one call does everything; the test's end stops it.
func ExampleStart() {
	var atEnd []func()
	var t emulator.TB = exampleTest{&atEnd} // in a test: func TestSomething(t *testing.T)

	e := emulator.Start(t, emulator.Options{TokenLifetime: 5 * time.Minute})
	fmt.Println(strings.HasPrefix(e.ConnectionString(), "endpoint=http://127.0.0.1:"))
	for _, f := range atEnd {
		f()
	}
	// Output:
	// true
}

// exampleTest stands for the *testing.T that an example does not have.
type exampleTest struct{ end *[]func() }

func (exampleTest) Helper()                           {}
func (exampleTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t exampleTest) Cleanup(f func())                { *t.end = append(*t.end, f) }

// A token for a user, without a browser: right, or wrong in one way.
func ExampleEmulator_MintToken() {
	e := run()
	defer e.Close()
	for _, flaw := range []emulator.Flaw{emulator.FlawNone, emulator.FlawExpired, emulator.FlawAlgNone} {
		token, err := e.MintToken(emulator.TokenRequest{User: "alice", Flaw: flaw})
		fmt.Println(flaw, strings.Count(token, "."), err)
	}
	// Output:
	//  2 <nil>
	// expired 2 <nil>
	// algNone 2 <nil>
}

// The next two requests for a token meet a server that is out of order.
func ExampleEmulator_AddFault() {
	e := run()
	defer e.Close()
	if err := e.AddFault("entra.token", 2, emulator.Fault{Status: 503, RetryAfter: "1"}); err != nil {
		panic(err)
	}
	for range 3 {
		resp, err := daemonToken(e, emulator.AppIDURI+"/.default")
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	// Output:
	// 503 1
	// 503 1
	// 200
}

// A scenario by its name; what a right client does with it is for your test to check.
func ExampleEmulator_Rehearse() {
	e := run()
	defer e.Close()
	r, err := e.Rehearse("entra-down")
	if err != nil {
		panic(err)
	}
	fmt.Println("a client sees:", r.Sees)
	resp, err := daemonToken(e, emulator.AppIDURI+"/.default")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	var body struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		panic(err)
	}
	fmt.Println(resp.StatusCode, body.Error)
	e.EndRehearsals()
	// Output:
	// a client sees: 503 temporarily_unavailable AADSTS90033
	// 503 temporarily_unavailable
}

// A day passes at once, for all services.
func ExampleEmulator_Advance() {
	e := run()
	defer e.Close()
	before := e.Now()
	if err := e.Advance(24 * time.Hour); err != nil {
		panic(err)
	}
	fmt.Println(e.Now().Sub(before).Round(time.Hour))
	// Output:
	// 24h0m0s
}

// Users, applications, identities and extensions of your own.
func ExampleEmulator_Seed() {
	e := run()
	defer e.Close()
	err := e.Seed([]byte(`{"version": 1, "users": [{"name": "dora", "displayName": "Dora"}]}`))
	if err != nil {
		panic(err)
	}
	users := e.Users()
	fmt.Println(users[len(users)-1].UPN)
	// Output:
	// dora@acsauth.example
}
