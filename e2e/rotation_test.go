package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// A keyring is the two files of access keys that the replicas read, and what the portal does with the keys.
type keyring struct {
	t             *testing.T
	emu           *emulator.Emulator
	first, second string // files
	fleet         []*process
}

// newKeyring gives the world both keys in files.
func newKeyring(t *testing.T, w *world) *keyring {
	t.Helper()
	dir := t.TempDir()
	k := &keyring{t: t, emu: w.emu, first: filepath.Join(dir, "acs-1"), second: filepath.Join(dir, "acs-2")}
	k.put(k.first, emulator.PrimaryKey)
	k.put(k.second, emulator.SecondaryKey)
	delete(w.env, "ACSAUTH_ACS_CONNECTION_STRING")
	w.env["ACSAUTH_ACS_CONNECTION_STRING_FILE"], w.env["ACSAUTH_ACS_CONNECTION_STRING_2_FILE"] = k.first, k.second
	w.env["ACSAUTH_SECRETS_REFRESH"], w.env["ACSAUTH_LIMIT_USER"] = "10s", "off"
	return k
}

// put replaces a file at one moment by the connection string with the key that the resource has now.
func (k *keyring) put(file string, slot emulator.KeySlot) {
	k.t.Helper()
	text := "endpoint=" + k.emu.URL() + "/;accesskey=" + k.emu.AccessKey(slot) + "\n"
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		k.t.Fatal(err)
	}
}

// regenerate is the button in the portal.
func (k *keyring) regenerate(slot emulator.KeySlot) {
	k.t.Helper()
	if _, err := k.emu.RegenerateKey(slot); err != nil {
		k.t.Fatal(err)
	}
}

// replaced waits until every replica has counted so many changed secrets that are in use.
func (k *keyring) replaced(times int) {
	k.t.Helper()
	k.counted("secret_replaced", times)
}

// counted waits until every replica has counted an event so many times.
func (k *keyring) counted(event string, times int) {
	k.t.Helper()
	for _, replica := range k.fleet {
		for end := time.Now().Add(2 * time.Minute); replica.events(k.t, event) < times; time.Sleep(200 * time.Millisecond) {
			if time.Now().After(end) {
				k.t.Fatalf("%s is not counted %d times\n%s", event, times, replica.log)
			}
		}
	}
}

// events reads a count of events from the metrics of a replica.
func (p *process) events(t *testing.T, name string) int {
	t.Helper()
	res, err := client.Get(p.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := bytes.Cut(text, []byte(`acsauth_broker_events_total{event="`+name+`"} `))
	value, _, _ := strings.Cut(string(rest), "\n")
	n, err := strconv.Atoi(value)
	if !ok || err != nil {
		t.Fatalf("the metrics have no event %s: %q %v", name, value, err)
	}
	return n
}

// A load is users who refresh and look who they are, some hundred times a second, at all replicas.
type load struct {
	w              *world
	fleet          []*process
	calls, failed  atomic.Int64
	mu             sync.Mutex
	tokens         []string // handed out since the last look
	stop, finished chan struct{}
}

func (w *world) load(t *testing.T, fleet []*process) *load {
	l := &load{w: w, fleet: fleet, stop: make(chan struct{}), finished: make(chan struct{})}
	go func() {
		defer close(l.finished)
		var wg sync.WaitGroup
		for caller := range 2 {
			wg.Go(func() {
				pace := time.NewTicker(5 * time.Millisecond) // other tests run, too
				defer pace.Stop()
				for u := caller; ; u += 2 {
					select {
					case <-l.stop:
						return
					case <-pace.C:
						l.one(t, u%len(w.tokens), u%len(fleet))
					}
				}
			})
		}
		wg.Wait()
	}()
	t.Cleanup(l.end)
	return l
}

// one is a user who refreshes, and looks who he is.
func (l *load) one(t *testing.T, u, replica int) {
	var a served
	status, err := call("POST", l.fleet[replica].Server+"/refreshToken", l.w.tokens[u], nil, &a)
	id, userStatus, code, userErr := l.w.once(l.fleet[replica], u, "POST", "/getUser")
	l.calls.Add(2)
	if err != nil || userErr != nil || status != 200 || userStatus/100 != 2 {
		l.failed.Add(1)
		t.Errorf("user %d: %d %s %v, %d %s %v", u, status, a.Code, err, userStatus, code, userErr)
		return
	}
	l.w.ledger.Shown(u, id)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(l.tokens, a.Token)
}

// fresh waits for tokens that were asked for after this moment, and returns them.
func (l *load) fresh() []string {
	for _, least := range []int{20, 20} { // the first ones may have been under way already
		l.mu.Lock()
		l.tokens = nil
		l.mu.Unlock()
		for n := 0; n < least; time.Sleep(20 * time.Millisecond) {
			l.mu.Lock()
			n = len(l.tokens)
			l.mu.Unlock()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tokens)
}

func (l *load) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	<-l.finished
}

// stepsOf are the steps of a run-book, as its marks name them.
func stepsOf(t *testing.T, heading string) (steps []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no run-book %q", heading)
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	for _, m := range regexp.MustCompile(`<!-- step: (.*) -->`).FindAllStringSubmatch(section, -1) {
		steps = append(steps, m[1])
	}
	return steps
}

// A bookStep is a step of a run-book.
type bookStep struct {
	name string
	do   func()
}

// follow takes the steps, which must be those of the run-book, in its order.
func follow(t *testing.T, heading string, steps []bookStep) {
	t.Helper()
	var names []string
	for _, s := range steps {
		names = append(names, s.name)
	}
	if want := stepsOf(t, heading); !slices.Equal(names, want) {
		t.Fatalf("the run-book %q has the steps\n%q\nand the test\n%q", heading, want, names)
	}
	for _, s := range steps {
		s.do()
	}
}

// states counts tokens by what ACS says of them.
func states(e *emulator.Emulator, tokens []string) map[string]int {
	n := map[string]int{}
	for _, token := range tokens {
		n[e.TokenState(token)]++
	}
	return n
}

// Both keys of ACS are rotated by the run-book under load, with two replicas: no request fails, and no token dies but
// those that the step of waiting is for.
func TestRotationRunbook(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, postgresPlaces(startPostgres(t, parts.PostgresOptions{})), 12)
	keys := newKeyring(t, w)
	fleet := w.fleet(t, 2)
	keys.fleet = fleet
	l := w.load(t, fleet)
	var before, after []string // tokens of before and after the swap
	alive := func(tokens []string, what string) {
		t.Helper()
		if n := states(w.emu, tokens); n["active"] != len(tokens) || len(tokens) == 0 {
			t.Errorf("%s: %v", what, n)
		}
	}
	follow(t, "Rotate the keys of ACS", []bookStep{
		{"regenerate the idle key", func() {
			before = l.fresh()
			keys.regenerate(emulator.SecondaryKey)
			alive(before, "tokens after the idle key was regenerated")
		}},
		{"replace the idle key", func() { keys.put(keys.second, emulator.SecondaryKey); keys.replaced(1) }},
		{"swap the files", func() {
			keys.put(keys.first, emulator.SecondaryKey)
			keys.counted("secret_kept", 1) // a replica that reads now finds one key twice
			keys.put(keys.second, emulator.PrimaryKey)
			keys.replaced(3)
			after = l.fresh()
			alive(slices.Concat(before, after), "tokens after the swap")
		}},
		{"wait for the last token", func() { alive(slices.Concat(before, after), "tokens that are waited for") }}, // a day, which the next step shows the reason of
		{"regenerate the other key", func() {
			keys.regenerate(emulator.PrimaryKey)
			alive(after, "tokens of after the swap")
			if n := states(w.emu, before); n["revoked"] != len(before) {
				t.Errorf("tokens of before the swap, which the wait is for: %v", n)
			}
			l.fresh()
		}},
		{"replace the other key", func() { keys.put(keys.second, emulator.PrimaryKey); keys.replaced(4); l.fresh() }},
	})
	l.end()
	b := w.audit(t)
	refused := 0
	for _, replica := range fleet {
		refused += replica.events(t, "acs_key_refused") + replica.events(t, "acs_keys_refused") + replica.events(t, "acs_denied")
	}
	t.Logf("%d requests, %d failed; %d times a key was refused; %+v", l.calls.Load(), l.failed.Load(), refused, b)
	if refused > 0 {
		t.Error("in a planned rotation no key in use is ever refused")
	}
}

// A leaked key is regenerated at once: no request fails, and when the run-book is done nobody is handed a token that is dead.
func TestLeakedKeyRunbook(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWorld(t, postgresPlaces(startPostgres(t, parts.PostgresOptions{})), 8)
	keys := newKeyring(t, w)
	keys.fleet = w.fleet(t, 2)
	kept := make([]string, len(w.tokens)) // in the memory of the first replica
	for u := range w.tokens {
		kept[u] = keys.fleet[0].token(t, "/getToken", w.tokens[u])
	}
	l := w.load(t, keys.fleet)
	follow(t, "A key of ACS has leaked", []bookStep{
		{"regenerate the leaked key", func() {
			keys.regenerate(emulator.PrimaryKey)
			l.fresh()
			if n := states(w.emu, kept); n["revoked"] != len(kept) {
				t.Errorf("tokens that the leaked key minted: %v", n)
			}
		}},
		{"replace the leaked key", func() { keys.put(keys.first, emulator.PrimaryKey); keys.replaced(1); l.fresh() }},
	})
	l.end()
	var handed []string
	for u := range w.tokens {
		for _, replica := range keys.fleet {
			handed = append(handed, replica.token(t, "/getToken", w.tokens[u]))
		}
	}
	if n := states(w.emu, handed); n["active"] != len(handed) {
		t.Errorf("tokens that are handed out afterwards: %v", n)
	}
	b := w.audit(t)
	t.Logf("%d requests, %d failed; %d tokens died with the key; %+v", l.calls.Load(), l.failed.Load(), len(kept), b)
}
