package parts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The development account of Azurite. Its key is the same for everybody, is
// printed in the manual of Azurite, and opens nothing else.
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azuriteStartLimit is long: it loads 360 MB of modules, on a busy machine.
const azuriteStartLimit = 3 * time.Minute

// AzuriteOptions says how to run the table service of Azurite. The zero value
// keeps its data in memory and speaks http.
type AzuriteOptions struct {
	// Dir is the folder of the data; it must exist. Empty: the data is in memory.
	Dir string
	// Cert and Key are PEM files. With them the service speaks https and also
	// accepts bearer tokens for storage; it looks at their claims and not at their signature.
	Cert, Key string
}

// An Azurite is a running table service. Its methods are not to be called at once.
//
// With a Dir it writes to disk every five seconds, and when it is halted. What
// was acknowledged after that is lost by [Azurite.Kill] (measured: the last 3.3
// seconds), and nothing by [Azurite.Halt]. So a test of durability must halt it.
type Azurite struct {
	AccountName string
	AccountKey  string
	Port        int // on 127.0.0.1; the same for life
	Pid         int // another after Restart

	options AzuriteOptions
	folder  string // of the npm package
	work    string // working folder, to be removed
	process *process
}

// StartAzurite starts the service and waits until it answers. If ctx ends
// while it waits, there is no service. It needs node.
func StartAzurite(ctx context.Context, o AzuriteOptions) (*Azurite, error) {
	folder, err := findAzurite()
	if err != nil {
		return nil, err
	}
	a := &Azurite{AccountName: azuriteAccount, AccountKey: azuriteKey, options: o, folder: folder}
	if err := a.start(ctx); err != nil {
		return nil, fmt.Errorf("cannot start Azurite: %w", errors.Join(err, a.Stop()))
	}
	return a, nil
}

func (a *Azurite) start(ctx context.Context) (err error) {
	if a.work, err = os.MkdirTemp("", "acsauth-azurite-"); err != nil {
		return err
	}
	const tries = 3 // another program may take the port first
	for range tries {
		if a.Port, err = freePort(); err != nil {
			return err
		}
		if err = a.run(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// Endpoint returns the address of the table service, without a slash at its end.
func (a *Azurite) Endpoint() string {
	scheme := "http"
	if a.options.Cert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port)) + "/" + a.AccountName
}

// ConnectionString returns what other clients take.
func (a *Azurite) ConnectionString() string {
	return "AccountName=" + a.AccountName + ";AccountKey=" + a.AccountKey + ";TableEndpoint=" + a.Endpoint() + ";"
}

// Kill ends the service as a power cut would, and waits until it has ended.
func (a *Azurite) Kill() error {
	if a.process == nil {
		return nil
	}
	if err := a.process.kill(stopLimit); err != nil {
		return fmt.Errorf("cannot kill Azurite: %w", err)
	}
	a.process = nil
	return nil
}

// Halt stops the service so that it writes its data first.
func (a *Azurite) Halt() error {
	if a.process == nil {
		return nil
	}
	if err := a.process.interrupt(stopLimit); err != nil {
		return errors.Join(fmt.Errorf("Azurite did not stop: %w", err), a.Kill())
	}
	a.process = nil
	return nil
}

// Restart starts the service again on the same port, with what is in Dir, and
// waits until it answers. A service that runs is halted first.
func (a *Azurite) Restart(ctx context.Context) error {
	if err := a.Halt(); err != nil {
		return err
	}
	if err := a.run(ctx); err != nil {
		return fmt.Errorf("cannot restart Azurite: %w", err)
	}
	return nil
}

// Stop halts the service for good. It may be called again. Dir stays.
func (a *Azurite) Stop() error {
	err := a.Halt()
	if a.work != "" {
		err = errors.Join(err, os.RemoveAll(a.work))
	}
	return err
}

// findAzurite returns the folder of the npm package: the one that
// ACSAUTH_AZURITE names, or interop/parts/node_modules/azurite of this module.
func findAzurite() (string, error) {
	if folder := os.Getenv("ACSAUTH_AZURITE"); folder != "" {
		if _, err := os.Stat(azuriteProgram(folder)); err != nil {
			return "", fmt.Errorf("the environment variable ACSAUTH_AZURITE does not name the folder of the npm package azurite: %w", err)
		}
		return folder, nil
	}
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		above := filepath.Dir(root)
		if above == root {
			return "", errors.New("cannot find Azurite: no go.mod here or above; set ACSAUTH_AZURITE to the folder of the npm package azurite")
		}
		root = above
	}
	folder := filepath.Join(root, "interop", "parts", "node_modules", "azurite")
	if _, err := os.Stat(azuriteProgram(folder)); err != nil {
		return "", errors.New("Azurite is not installed; in the top folder of the repository run: npm ci --prefix interop/parts")
	}
	return folder, nil
}

func azuriteProgram(folder string) string {
	return filepath.Join(folder, "dist", "src", "table", "main.js")
}
