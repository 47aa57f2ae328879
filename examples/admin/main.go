// Command admin gives a user an identity before the first sign-in, as a program with the app role Identities.Manage:
//
//	go run ./examples/admin TENANT-ID OBJECT-ID
//
// It reads SERVICE_URL, AUTHORITY (https://login.microsoftonline.com/TENANT), API_CLIENT_ID, CLIENT_ID and CLIENT_SECRET. docs/administration.md
// says what has to be set up.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: admin TENANT-ID OBJECT-ID")
		os.Exit(2)
	}
	a := Admin{
		Acsauth: os.Getenv("SERVICE_URL"), Authority: os.Getenv("AUTHORITY"), API: os.Getenv("API_CLIENT_ID"),
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"), HTTP: NewHTTP(),
	}
	identity, made, err := a.Provision(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "admin:", err)
		os.Exit(1)
	}
	fmt.Println(identity, "made now:", made)
}
