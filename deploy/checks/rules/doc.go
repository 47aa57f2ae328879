// Package rules holds the alert rules and the dashboard to Prometheus' own parser and engine. It has no code of its own.
package rules
