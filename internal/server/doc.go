// Package server is the HTTP face of acsauth. It alone knows routes, header
// fields and status codes.
//
// Each request walks the same line: request id and security headers, framing
// of the message, route, CORS, bearer token, scope, input, one call of the
// broker, answer. An error goes through one translator (problem.go) and leaves
// as a problem document of RFC 9457; api/openapi.yaml describes all of it.
package server
