package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// anyPort asks for a free port.
const anyPort = "127.0.0.1:0"

// The addresses that are used unless others are given. The administration of
// the emulator is on the port after that of its protocols, so that whoever knows
// the one finds the other.
const (
	defaultServer   = "127.0.0.1:8080"
	defaultEmulator = "127.0.0.1:8081"
	defaultAdmin    = "127.0.0.1:8082"
	defaultTLS      = "127.0.0.1:8083"
	defaultMetrics  = "127.0.0.1:8084"
)

// emulatorPorts are the flags for the addresses of the emulator.
type emulatorPorts struct {
	AdminListen string `help:"Address and port of the emulator's administration. Default: the port after that of its protocols." placeholder:"HOST:PORT"`
	TLSListen   string `name:"tls-listen" help:"Address and port of the emulator with TLS, for SDKs that insist on it, or off. Default: 127.0.0.1:8083." placeholder:"HOST:PORT"`
}

// wantsAnyPort reports whether an address ends in port 0.
func wantsAnyPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port == "0"
}

// or returns the address given, or any port if free is set, or the default.
func or(given string, free bool, otherwise string) string {
	if free {
		otherwise = anyPort
	}
	return cmp.Or(given, otherwise)
}

// nextPort returns the address one port up, or "" if there is none.
func nextPort(address string) string {
	host, port, err := net.SplitHostPort(address)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 0 || n == 1<<16-1 {
		return ""
	}
	return net.JoinHostPort(host, strconv.FormatUint(n+1, 10))
}

// freePair finds a free port whose next one is free, too.
func freePair(host string) (string, error) {
	const tries = 100
	for range tries {
		first, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", err
		}
		address := first.Addr().String()
		second, err := net.Listen("tcp", nextPort(address))
		_ = first.Close()
		if err == nil {
			_ = second.Close()
			return address, nil
		}
	}
	return "", errors.New("no two free ports side by side were found")
}

// explainInUse says what to do about a port that another program has.
func explainInUse(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	address := "an address"
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		address = op.Addr.String()
	}
	return fmt.Errorf("%s is in use by another program; stop it, or let free ports be picked with --listen %s", address, anyPort)
}
