// Package golang holds tests only: they prove package emulator by other people's code, unmodified azidentity and MSAL Go,
// over the emulator's TLS listener, and print which calls were made and passed.
//
//	go test -v ./interop/golang
package golang
