package config

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"text/tabwriter"
)

// A Value is a setting in effect.
type Value struct {
	Name   string
	Value  string // redacted if it is a secret
	Source string // default, flag, environment or file PATH, and the other name it was given under
}

// Report lists every setting in effect, in the order of the manual, with secrets redacted.
func (c *Config) Report() []Value {
	fields := reflect.ValueOf(c).Elem()
	var out []Value
	for _, s := range settings() {
		out = append(out, Value{
			Name:   s.name,
			Value:  shown(s, fields.FieldByName(s.field).Interface()),
			Source: c.source(s.name),
		})
	}
	return out
}

// shown is a value fit for print. The name of a store that is not understood may hold a password.
func shown(s setting, v any) string {
	if secret, ok := v.(Secret); ok {
		return secret.shown()
	}
	text := show(v)
	if s.name == "ACSAUTH_STORE" || s.name == "ACSAUTH_GRAPH_JOURNAL" {
		if _, err := ParseStore(text); err != nil && text != "" {
			return redacted
		}
	}
	return text
}

// show writes a value as it would be set.
func show(v any) string {
	if level, ok := v.(slog.Level); ok {
		return strings.ToLower(level.String())
	}
	return fmt.Sprint(v)
}

func (c *Config) source(name string) string {
	o, ok := c.origins[name]
	switch {
	case !ok:
		return "default"
	case o.name != name:
		return o.source + " (" + o.name + ")"
	}
	return o.source
}

// WriteReport prints the settings in effect as a table.
func (c *Config) WriteReport(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range c.Report() {
		value := v.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", v.Name, value, v.Source)
	}
	return tw.Flush()
}
