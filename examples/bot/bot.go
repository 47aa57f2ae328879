package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// Identity returns the identity that the file holds, or makes one and keeps it there. One process at a time may use the file.
//
// ACS has no list and no look-up: if the process dies between the two steps, the identity is lost and stays at ACS, without a token. That is
// acceptable for one bot. For users it is not: acsauth writes its intent down first, for any number of processes (docs/identity-protocol.md).
func Identity(ctx context.Context, c *acsidentity.Client, path string) (acsauth.Identity, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		if id := acsauth.Identity(strings.TrimSpace(string(b))); id.Valid() {
			return id, nil
		}
		return "", fmt.Errorf("%s holds no identity", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	made, err := c.CreateIdentity(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("create the identity: %w", err)
	}
	if err := keep(path, made.Identity); err != nil {
		_, derr := c.DeleteIdentity(ctx, made.Identity, nil) // nobody would ever find it again
		return "", errors.Join(fmt.Errorf("keep the identity: %w", err), derr)
	}
	return made.Identity, nil
}

// keep writes the file as a whole or not at all.
func keep(path string, id acsauth.Identity) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".identity-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(string(id) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Token returns a token with which the bot joins chats, for an hour.
func Token(ctx context.Context, c *acsidentity.Client, id acsauth.Identity) (acsauth.AccessToken, error) {
	issued, err := c.IssueToken(ctx, id, []acsauth.Scope{acsauth.ScopeChatJoin}, &acsidentity.IssueTokenOptions{ExpiresIn: time.Hour})
	return issued.AccessToken, err
}
