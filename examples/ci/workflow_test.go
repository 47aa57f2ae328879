package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/acs-solutions/acsauth/emulator"
)

type step struct {
	Name, Uses, Run, If string
}

type job struct {
	Steps    []step
	Env      map[string]string
	Services map[string]struct {
		Image string
		Ports []string
	}
}

func readJobs(t *testing.T) map[string]job {
	t.Helper()
	text, err := os.ReadFile("github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Permissions map[string]string
		Jobs        map[string]job
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Permissions) != 1 || file.Permissions["contents"] != "read" {
		t.Errorf("permissions %v, want to read the content only", file.Permissions)
	}
	return file.Jobs
}

func TestActionsHaveVersions(t *testing.T) {
	form := regexp.MustCompile(`^actions/[a-z-]+@(v\d+|[0-9a-f]{40})$`)
	seen := 0
	for name, j := range readJobs(t) {
		for _, s := range j.Steps {
			if (s.Uses == "") == (s.Run == "") {
				t.Errorf("%s: a step uses an action or runs a command: %+v", name, s)
			}
			if s.Uses != "" && !form.MatchString(s.Uses) {
				t.Errorf("%s uses %s without a version", name, s.Uses)
			}
			seen++
		}
	}
	if seen < 8 {
		t.Errorf("only %d steps", seen)
	}
}

// world is what a runner of GitHub gives to steps: files by which one step tells the next ones something.
type world struct {
	t    *testing.T
	temp string
	env  []string
}

func newWorld(t *testing.T) *world {
	temp := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(temp, "bin", "acsauth-dev"), "../../cmd/acsauth-dev").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return &world{t: t, temp: temp, env: []string{
		"PATH=" + filepath.Join(temp, "bin") + ":" + os.Getenv("PATH"), "HOME=" + temp, "RUNNER_TEMP=" + temp, "GITHUB_ENV=" + filepath.Join(temp, "env"),
		`TESTS=curl -fsS --cacert "$SSL_CERT_FILE" "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/v2.0/.well-known/openid-configuration" > "$RUNNER_TEMP/tested"; curl -fsS "$ACSAUTH_EMULATOR_ADMIN/healthz" >> "$RUNNER_TEMP/tested"`,
	}}
}

// run runs a step as a runner does, and takes over what it left for the next ones.
func (w *world) run(s step) {
	w.t.Helper()
	c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	c.Env = w.env
	log, err := os.Create(filepath.Join(w.temp, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log // a file: the emulator holds it open, and nobody waits for that
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		w.t.Fatalf("%s: %v\n%s", s.Name, err, said)
	}
	left, _ := os.ReadFile(filepath.Join(w.temp, "env"))
	for line := range strings.Lines(string(left)) {
		w.env = append(w.env, strings.TrimSpace(line))
	}
}

// The steps of the first job do what they say, with a test that asks the emulator over TLS.
func TestProgramJob(t *testing.T) {
	for _, c := range []string{"bash", "jq", "curl"} {
		if _, err := exec.LookPath(c); err != nil {
			t.Fatalf("%s is missing: apt-get install %[1]s", c)
		}
	}
	w := newWorld(t)
	steps := readJobs(t)["program"].Steps
	stop := steps[len(steps)-1]
	if stop.If != "always()" || !strings.Contains(stop.Run, "kill") {
		t.Fatalf("the last step does not stop the emulator in any case: %+v", stop)
	}
	stopped := false
	defer func() {
		if !stopped {
			w.run(stop)
		}
	}()
	for _, s := range steps {
		if s.Run == "" || s.Name == "Install the emulator" {
			continue // needs GitHub, or a published module
		}
		w.run(s)
		stopped = stopped || s.Name == stop.Name
	}
	tested, err := os.ReadFile(filepath.Join(w.temp, "tested"))
	if err != nil || !strings.Contains(string(tested), `"issuer"`) || !strings.Contains(string(tested), `"ok"`) {
		t.Errorf("the tests saw %s, %v", tested, err)
	}
}

func TestServiceJob(t *testing.T) {
	j := readJobs(t)["service"]
	if got, want := j.Env["COMMUNICATION_SERVICES_CONNECTION_STRING"], "endpoint=https://localhost:8083/;accesskey="+emulator.AccessKeyPrimary; got != want {
		t.Errorf("connection string %q, want %q", got, want)
	}
	if j.Env["AZURE_TENANT_ID"] != emulator.TenantID {
		t.Errorf("tenant %q", j.Env["AZURE_TENANT_ID"])
	}
	form := regexp.MustCompile(`^127\.0\.0\.1:(808[123]):(808[123])$`)
	ports := j.Services["emulator"].Ports
	for _, p := range ports {
		if m := form.FindStringSubmatch(p); m == nil || m[1] != m[2] {
			t.Errorf("port %q", p)
		}
	}
	if len(ports) != 3 {
		t.Errorf("%d ports", len(ports))
	}
	for _, s := range j.Steps {
		if s.Run == "" {
			continue
		}
		script := regexp.MustCompile(`\$\{\{[^}]*\}\}`).ReplaceAllString(s.Run, "x")
		if out, err := exec.Command("bash", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", s.Name, err, out)
		}
	}
}
