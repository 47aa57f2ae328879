package entra

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ReplaceSecret lets the client prove itself by another client secret from its next request on. Tokens that
// are kept stay good. A secret that cannot be one leaves the old proof in place.
func (c *Client) ReplaceSecret(secret string) error {
	if secret == "" || len(secret) > maxSecret {
		return fmt.Errorf("entra: the client secret must have 1 to %d bytes", maxSecret)
	}
	return c.replace(&Options{Secret: secret})
}

// ReplaceCertificate does the same with another certificate and its key; see Options.Certificate.
func (c *Client) ReplaceCertificate(text []byte) error {
	if len(text) == 0 {
		return errors.New("entra: the certificate is empty")
	}
	return c.replace(&Options{Certificate: text, ClientID: c.id, RS256: c.rs256})
}

func (c *Client) replace(o *Options) error {
	prove, err := newProver(o)
	if err != nil {
		return err
	}
	c.proof.Store(&prove)
	return nil
}

// String keeps the secret and the key of the certificate out of formatted text.
func (o Options) String() string { return "entra.Options(" + o.AuthorityHost + ", [redacted])" }

// Format keeps them out of every verb of package fmt.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// LogValue keeps them out of logs.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Format writes no part of the client: a printer that looked inside would find the secret, and race with calls under way.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "entra.Client([redacted])") }

// LogValue keeps the client out of logs.
func (c *Client) LogValue() slog.Value { return slog.StringValue("entra.Client([redacted])") }
