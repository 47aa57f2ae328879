package graph

import (
	"fmt"
	"io"
	"log/slog"
)

// Format writes the options without what is secret in them, whatever the verb.
func (Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "graph.Options([redacted])") }

// LogValue keeps the options out of logs.
func (Options) LogValue() slog.Value { return slog.StringValue("graph.Options([redacted])") }

// Format writes the name of the key only, whatever the verb.
func (k MACKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "graph.MACKey("+k.ID+")") }

// LogValue keeps the key out of logs.
func (k MACKey) LogValue() slog.Value { return slog.StringValue("graph.MACKey(" + k.ID + ")") }
