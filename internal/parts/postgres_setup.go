package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// debianPattern is where Debian and its relatives keep the server programs.
const debianPattern = "/usr/lib/postgresql/*/bin"

// findPostgres returns the folder of the server programs: that of PATH, else
// the newest one that matches the pattern.
func findPostgres(pattern string) (string, error) {
	var folders []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	versions, _ := filepath.Glob(pattern) // the pattern is well formed
	slices.SortFunc(versions, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	for _, folder := range append(folders, versions...) {
		if hasAll(folder, "initdb", "postgres", "createdb") {
			return folder, nil
		}
	}
	return "", errors.New("PostgreSQL is not installed; install it with: sudo apt-get install postgresql")
}

func majorVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // an odd name counts as oldest
	return n
}

func hasAll(folder string, programs ...string) bool {
	return !slices.ContainsFunc(programs, func(name string) bool {
		if runtime.GOOS == "windows" {
			name += ".exe"
		}
		_, err := os.Stat(filepath.Join(folder, name))
		return err != nil
	})
}

// makeDir makes the folder of the server and gives it to its user.
func (p *Postgres) makeDir() (err error) {
	if p.dir = p.options.Dir; p.dir == "" {
		if p.dir, err = os.MkdirTemp("", "acsauth-postgres-"); err != nil {
			return err
		}
		p.temp = true
	}
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	if p.dir, err = filepath.EvalSymlinks(p.dir); err != nil {
		return err
	}
	p.Data = filepath.Join(p.dir, "data")
	return p.as.own(p.dir)
}

// initialize makes the data folder unless there is one.
func (p *Postgres) initialize(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(p.Data, "PG_VERSION")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, initLimit)
	defer cancel()
	args := []string{"-D", p.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"}
	if !p.options.Durable {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), args...)
	cmd.Dir = p.dir
	cmd.Env = serverEnv()
	cmd.SysProcAttr = p.as.attributes(0)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, tail(out))
	}
	hba := filepath.Join(p.Data, "pg_hba.conf")
	rest, err := os.ReadFile(hba)
	if err != nil {
		return err
	}
	files := map[string][]byte{"pg_hba.conf": append([]byte(strings.Join(p.options.HBA, "\n")+"\n"), rest...)}
	for name, content := range p.options.Files {
		files[name] = content
	}
	for name, content := range files {
		path := filepath.Join(p.Data, name)
		if err := errors.Join(os.WriteFile(path, content, 0o600), p.as.own(path)); err != nil {
			return err
		}
	}
	return nil
}

// serverEnv is the environment without what would lead a server program astray.
func serverEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
}

// settings are the flags of the server.
func (p *Postgres) settings() []string {
	all := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(p.Port),
		"unix_socket_directories": "", // their paths would have to be short
		"max_connections":         "300",
		"logging_collector":       "off",
	}
	if !p.options.Durable {
		all["fsync"], all["full_page_writes"] = "off", "off"
	}
	for name, value := range p.options.Settings {
		all[name] = value
	}
	args := []string{"-D", p.Data}
	for name, value := range all {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// freePort returns a port that nobody listens on, below the ones that systems
// give to outgoing connections, so that it is still free after a restart.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(12000)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}

// tail is the end of what a program said, on one line.
func tail(out []byte) string {
	const most = 2000
	return strings.ReplaceAll(strings.TrimSpace(string(out[max(0, len(out)-most):])), "\n", "; ")
}
