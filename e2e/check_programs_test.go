package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var productionBuild = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(devBinary), "acsauth")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/acsauth").CombinedOutput()
	if err != nil {
		err = errors.New(string(out))
	}
	return path, err
})

// production is the production program, built once.
func production(t *testing.T) string {
	t.Helper()
	path, err := productionBuild()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A result is what a program that has ended said.
type result struct {
	code           int
	stdout, stderr string
}

// runToEnd runs a program with no other settings than env, until it ends by itself. It fails if that takes half a minute.
func runToEnd(t *testing.T, program string, env map[string]string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}
	for name, value := range env {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%v does not end", args)
	} else if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// good production settings; no service need be there.
func productionEnv() map[string]string {
	return map[string]string{
		"ACSAUTH_TENANT_IDS": "11aa22bb-0000-4000-8000-000000000001", "ACSAUTH_CLIENT_ID": "11aa22bb-0000-4000-8000-000000000002", "ACSAUTH_ALLOWED_CLIENTS": "11aa22bb-0000-4000-8000-000000000003",
		"ACSAUTH_ACS_CONNECTION_STRING": "endpoint=https://contoso.communication.azure.com/;accesskey=bm90LXJlYWw=", "ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "off",
	}
}

// changed is a copy of settings with some of them other.
func changed(env map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range env {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}
