package emulator

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
)

// openDataDir makes the folder of the options, if there is one.
func openDataDir(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// writePrivate replaces a file by one that only its owner can read: the old one stays until the new one is complete.
func writePrivate(path string, text []byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// certificateHosts are the names beside localhost that the TLS listener goes by.
func (o Options) certificateHosts() []string {
	var hosts []string
	if u, err := url.Parse(o.PublicURL); err == nil && u.Hostname() != "" && !loopbackHost(u.Hostname()) {
		hosts = append(hosts, u.Hostname())
	}
	host, _, err := net.SplitHostPort(o.ListenTLS)
	if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsUnspecified() && !ip.IsLoopback() {
		hosts = append(hosts, host)
	}
	return hosts
}
