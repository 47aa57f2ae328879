package emulator_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/acs-solutions/acsauth/emulator"
)

// In a test, emulator.Start(t, emulator.Options{}) does the first and the last step.
func Example() {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	if err := e.Start(); err != nil {
		fmt.Println(err)
		return
	}
	token, err := e.MintToken(emulator.TokenRequest{User: "alice"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("segments of the token:", len(strings.Split(token, ".")))

	resp, err := http.Get(e.Authority() + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println("discovery:", resp.Status)
	// Output:
	// segments of the token: 3
	// discovery: 200 OK
}
