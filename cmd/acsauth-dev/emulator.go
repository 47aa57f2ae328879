package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
)

// emulatorRun is what an emulator is started with.
type emulatorRun struct {
	dir     string // for its files; "" is a temporary one
	listen  string
	ports   emulatorPorts
	options emulator.Options
}

// runEmulator runs an emulator around serve.
func runEmulator(with emulatorRun, log *slog.Logger, serve func(*emulator.Emulator, folder) error) error {
	data, err := openFolder(with.dir)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	defer data.close(log)
	with.options.DataDir, with.options.Log = data.kept(), log.With("part", "emulator")
	e, err := startEmulator(with.listen, with.ports, with.options)
	if err != nil {
		return err
	}
	defer func() {
		if err := e.Close(); err != nil {
			log.Error("the emulator did not stop cleanly", "error", err)
		}
	}()
	return serve(e, data)
}

// startEmulator checks the options and starts the emulator. Where free ports
// were asked for, the administration is on the port after that of the protocols.
func startEmulator(listen string, ports emulatorPorts, o emulator.Options) (*emulator.Emulator, error) {
	const tries = 5 // a free port may be gone before it is used
	var failed error
	for range tries {
		o.Listen, o.ListenAdmin = listen, ports.AdminListen
		if o.ListenTLS = ports.TLSListen; o.ListenTLS == config.Off {
			o.ListenTLS = ""
		}
		pick := wantsAnyPort(listen) && ports.AdminListen == "" && config.LoopbackOnly(listen)
		if pick {
			host, _, _ := net.SplitHostPort(listen) // wantsAnyPort split it already
			pair, err := freePair(host)
			if err != nil {
				return nil, err
			}
			o.Listen = pair
		}
		if ports.AdminListen == "" {
			o.ListenAdmin = nextPort(o.Listen)
		}
		e, err := emulator.New(o)
		if err != nil {
			return nil, cli.Misused(err)
		}
		if failed = e.Start(); failed == nil {
			return e, nil
		}
		if !pick || !errors.Is(failed, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, explainInUse(failed)
}

// A folder is where a run keeps its files.
type folder struct {
	path string
	temp bool
}

// openFolder makes the folder, or a temporary one if no name is given.
func openFolder(name string) (folder, error) {
	if name == "" {
		path, err := os.MkdirTemp("", "acsauth-dev-")
		return folder{path, true}, err
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return folder{}, err
	}
	return folder{path, false}, os.MkdirAll(path, 0o700)
}

// close removes a temporary folder.
func (f folder) close(log *slog.Logger) {
	if !f.temp {
		return
	}
	if err := os.RemoveAll(f.path); err != nil {
		log.Warn("the temporary folder stays", "folder", f.path, "error", err)
	}
}

// kept is where the emulator keeps identities: only in a folder that lasts.
func (f folder) kept() string {
	if f.temp {
		return ""
	}
	return f.path
}

// writeCA puts the certificate of the emulator's authority into a file, by default in the folder. It returns the whole path.
func (f folder) writeCA(e *emulator.Emulator, file string) (string, error) {
	path, err := filepath.Abs(cmp.Or(file, filepath.Join(f.path, "emulator-ca.pem")))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, e.CACertPEM(), 0o644); err != nil {
		return "", fmt.Errorf("write the emulator's certificate: %w", err)
	}
	return path, nil
}
