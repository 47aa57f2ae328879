// Package tracing makes the spans of a request: the request itself, what the
// broker decided, calls of the store and of upstream services. It knows the
// OpenTelemetry API only; who exports what is the business of package telemetry.
//
// The provider travels in the context, so that there is no global one, and a
// context without it costs a look-up and nothing more. Spans never hold a user,
// a token, an address or a URL: names and values come from closed sets, or have a form that is checked.
package tracing
