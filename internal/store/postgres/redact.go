package postgres

import (
	"fmt"
	"io"
	"log/slog"
)

// Format writes the options without what is secret in them, whatever the verb.
func (Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "postgres.Options([redacted])") }

// LogValue keeps the options out of logs.
func (Options) LogValue() slog.Value { return slog.StringValue("postgres.Options([redacted])") }
