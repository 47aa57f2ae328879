// Command bot is a program that acts in chats for itself and for no user: it needs package acsidentity, and no acsauth. It keeps its identity
// in a file, and prints when its token ends.
//
//	go run ./cmd/acsauth-dev emulate                        # in another terminal; it prints the connection string
//	COMMUNICATION_SERVICES_CONNECTION_STRING='...' go run ./examples/bot bot-identity.txt
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/acs-solutions/acsauth/acsidentity"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: bot FILE")
	}
	c, err := acsidentity.NewClientFromConnectionString(os.Getenv("COMMUNICATION_SERVICES_CONNECTION_STRING"), nil)
	if err != nil {
		return err
	}
	id, err := Identity(ctx, c, args[0])
	if err != nil {
		return err
	}
	token, err := Token(ctx, c, id)
	if err != nil {
		return err
	}
	fmt.Println(id, "has a token until", token.ExpiresOn.UTC().Format(time.RFC3339))
	return nil
}
