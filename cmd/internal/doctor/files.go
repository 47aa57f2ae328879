package doctor

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/acs-solutions/acsauth/internal/config"
)

// secretFiles looks at the permissions of the files that hold secrets.
func (e *exam) secretFiles() {
	var paths, names []string
	for _, s := range e.cfg.SecretSources() {
		if s.Path != "" {
			paths, names = append(paths, s.Path), append(names, s.Name+"_FILE")
		}
	}
	if e.cfg.TLSKey != "" {
		paths, names = append(paths, e.cfg.TLSKey), append(names, "ACSAUTH_TLS_KEY")
	}
	if e.Sources.File != "" && holdsSecret(e.cfg, e.Sources.File) {
		paths, names = append(paths, e.Sources.File), append(names, "--config")
	}
	switch {
	case len(paths) == 0:
		e.skip("config.secret-files", "", "no secret is in a file")
		return
	case runtime.GOOS == "windows":
		e.skip("config.secret-files", "", "permissions are not looked at on this system")
		return
	}
	open := 0
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // config.settings or config.files says so
		}
		if mode := info.Mode().Perm(); mode&0o007 != 0 {
			open++
			e.bad("config.secret-files", names[i], Warning, fmt.Sprintf("%s has mode %04o: every user of this machine can read it", path, mode),
				advice{fmt.Sprintf("chmod 600 %s (640 if a group has to read it)", path), names[i]})
		}
	}
	if open == 0 {
		e.ok("config.secret-files", "", fmt.Sprintf("%d files, none open to all", len(paths)))
	}
}

// holdsSecret reports whether the file of settings has a secret in it.
func holdsSecret(c *config.Config, path string) bool {
	for _, v := range c.Report() {
		if strings.HasPrefix(v.Value, "[redacted]") && strings.HasPrefix(v.Source, "file "+path) && !strings.Contains(v.Source, "_FILE)") {
			return true
		}
	}
	return false
}
