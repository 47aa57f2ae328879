package e2e

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listening lists the addresses that a process listens on, as the kernel has it: TCP that waits for connections, and any UDP.
func listening(t *testing.T, pid int) (list []string) {
	t.Helper()
	own := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(fds) == 0 {
		t.Fatalf("no files of process %d: this check needs /proc: %v", pid, err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			own[strings.Trim(to, "socket:[]")] = true
		}
	}
	for _, kind := range []string{"tcp", "tcp6", "udp", "udp6"} {
		file, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, kind))
		if err != nil {
			continue // no IPv6 here
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			f := strings.Fields(lines.Text())
			if len(f) > 9 && own[f[9]] && (f[3] == "0A" || strings.HasPrefix(kind, "udp")) {
				list = append(list, strings.TrimSuffix(kind, "6")+" "+address(t, f[1]))
			}
		}
	}
	slices.Sort(list)
	return list
}

// address reads an address as the kernel writes it: words of four bytes, the last one first, and the port.
func address(t *testing.T, s string) string {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil {
		t.Fatalf("address %q", s)
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	return net.JoinHostPort(net.IP(raw).String(), strconv.FormatUint(n, 10))
}

// K-09: the process has the ports that it says, and no other; the metrics are on loopback and nowhere else; there is no pprof.
func TestPortsAreExact(t *testing.T) {
	s := startTarget(t, nil)
	metrics := strings.TrimSuffix(strings.TrimPrefix(s.Metrics, "http://"), "/metrics")
	want := []string{"tcp " + metrics, "tcp " + s.addr}
	slices.Sort(want)
	if got := listening(t, s.cmd.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("listens on %v, want %v", got, want)
	}
	for _, at := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/vars", "/debug/requests", "/debug/events", "/debug/", "/pprof/", "/trace", "/metrics/../debug/pprof/"} {
		wantStatus(t, "http://"+s.addr+at, http.StatusNotFound)
		wantStatus(t, "http://"+metrics+at, http.StatusNotFound)
	}
	wantStatus(t, "http://"+s.addr+"/metrics", http.StatusNotFound)
	wantStatus(t, "http://"+metrics+"/metrics", http.StatusOK)
	for _, at := range []string{"/getUser", "/livez", "/readyz", "/openapi.yaml"} {
		wantStatus(t, "http://"+metrics+at, http.StatusNotFound)
	}
	off := startTarget(t, map[string]string{"ACSAUTH_METRICS_LISTEN": "off"})
	if got := listening(t, off.cmd.Process.Pid); !slices.Equal(got, []string{"tcp " + off.addr}) {
		t.Errorf("without metrics it listens on %v, want %s", got, off.addr)
	}
}

func wantStatus(t *testing.T, url string, status int) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		t.Errorf("%s: %d, want %d", url, resp.StatusCode, status)
	}
}

// K-09: unless told otherwise, the production program has its metrics on loopback.
func TestMetricsAreOnLoopbackByDefault(t *testing.T) {
	r := runToEnd(t, production(t), changed(productionEnv(), "ACSAUTH_METRICS_LISTEN", ""), "check")
	if r.code != 0 || !strings.Contains(r.stdout+r.stderr, "127.0.0.1:9090") {
		t.Errorf("exit code %d: %s", r.code, r.stdout)
	}
}
