package parts

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// run starts the service and waits until it answers.
func (a *Azurite) run(ctx context.Context) error {
	path := filepath.Join(a.work, "azurite.log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("node", a.arguments()...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = a.work, azuriteEnv(), dieWithParent()
	cmd.Stdout, cmd.Stderr = log, log
	if a.process, err = startProcess(cmd); err != nil {
		return fmt.Errorf("Azurite needs node, version 20 or later: %w", err)
	}
	a.Pid = cmd.Process.Pid
	ctx, cancel := context.WithTimeout(ctx, azuriteStartLimit)
	defer cancel()
	if err := a.ready(ctx); err != nil {
		said, _ := os.ReadFile(path) // for the message only
		return fmt.Errorf("%w: it said: %s", errors.Join(err, a.Kill()), tail(said))
	}
	return nil
}

// arguments: no telemetry, and no check of versions, since it may be older than a client.
func (a *Azurite) arguments() []string {
	args := []string{azuriteProgram(a.folder), "--tableHost", "127.0.0.1", "--tablePort", strconv.Itoa(a.Port),
		"--silent", "--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"}
	if a.options.Dir == "" {
		args = append(args, "--inMemoryPersistence")
	} else {
		args = append(args, "--location", a.options.Dir)
	}
	if a.options.Cert != "" {
		args = append(args, "--cert", a.options.Cert, "--key", a.options.Key, "--oauth", "basic")
	}
	return args
}

// azuriteEnv is this environment without what would change the accounts or the program.
func azuriteEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "AZURITE_") || strings.HasPrefix(s, "NODE_OPTIONS=")
	})
}

// ready waits until the service answers a request; that it refuses it is answer enough.
func (a *Azurite) ready(ctx context.Context) error {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // nothing secret is sent
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := greetAzurite(ctx, client, a.Endpoint()+"/Tables")
		if err == nil {
			return nil
		}
		select {
		case <-a.process.done:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func greetAzurite(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if server := resp.Header.Get("Server"); !strings.HasPrefix(server, "Azurite-Table/") {
		return fmt.Errorf("another program has the port: %.40q", server)
	}
	return nil
}
