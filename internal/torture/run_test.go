package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// A toy is a service with a store and an ACS, in one lock, and ways to be wrong.
type toy struct {
	mu       sync.Mutex
	store    acsauth.Store
	made     int
	alive    map[string]bool
	mistake  string
	requests int
}

func (y *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.requests++
	ctx, user := context.WithoutCancel(r.Context()), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := acsauth.UserKey{Issuer: "toy", Subject: user}
	row, err := y.store.Get(ctx, key)
	if r.Method == http.MethodDelete {
		if err == nil {
			if y.mistake != "keeps the identity" {
				delete(y.alive, string(row.Identity))
			}
			if y.mistake != "keeps the row" {
				_ = y.store.Remove(ctx, row, nil)
			}
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if y.requests%7 == 3 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		row = acsauth.Mapping{Key: key, State: acsauth.Active, Attempt: strconv.Itoa(y.made), Identity: y.make(), Resource: "toy", Generation: 1}
		_ = y.store.Insert(ctx, row)
		if y.mistake == "makes two" {
			y.make()
		}
	}
	if y.mistake == "shows another" && y.requests%50 == 0 {
		row.Identity = y.make()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"acsUserIdentity": row.Identity})
}

// make is a create at ACS.
func (y *toy) make() acsauth.Identity {
	y.made++
	id := fmt.Sprintf("8:acs:00000000-0000-0000-0000-000000000000_00000000-0000-0000-0000-%012d", y.made)
	y.alive[id] = true
	return acsauth.Identity(id)
}

func (y *toy) list() (ids []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for id := range y.alive {
		ids = append(ids, id)
	}
	return ids
}

// A toyReplica is a port of the toy.
type toyReplica struct {
	server *httptest.Server
	dead   chan struct{}
}

func (r *toyReplica) URL() string           { return r.server.URL }
func (r *toyReplica) Dead() <-chan struct{} { return r.dead }
func (r *toyReplica) Kill() {
	r.server.CloseClientConnections()
	r.server.Close()
	close(r.dead)
}

// keptOpen is the one store of a toy.
type keptOpen struct {
	acsauth.Store
	acsauth.Lister
}

func (keptOpen) Close() error { return nil }

// A toy that does everything right passes; each mistake is found.
func TestRun(t *testing.T) {
	for mistake, want := range map[string]string{
		"": "", "makes two": "neither a row nor a journal line", "shows another": "with no deletion in between",
		"keeps the identity": "acknowledged as deleted and exists", "keeps the row": "after its deletion was acknowledged",
		"ends": "ended by itself",
	} {
		t.Run(mistake, func(t *testing.T) {
			store := storetest.NewMemory()
			y := &toy{store: store, alive: map[string]bool{}, mistake: mistake}
			started := 0
			report, err := Run(t.Context(), Options{
				Users: 60, Tokens: strconv.Itoa, Replicas: 3, Workers: 8, Kills: 4, Seed: 1,
				Start: func(context.Context, bool) (Replica, error) {
					r := &toyReplica{httptest.NewServer(y), make(chan struct{})}
					if started++; mistake == "ends" && started == 1 {
						r.Kill()
					}
					return r, nil
				},
				Quiet: func() {}, Faults: func() int { return 0 }, Alive: y.list,
				Made: func() int { return y.made }, Gone: func() int { return y.made - len(y.list()) },
				Open: func(context.Context) (acsauth.Store, error) { return keptOpen{store, store.(acsauth.Lister)}, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(report.Violations, "\n")
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s\n%s", report.Table("toy"), got)
			}
			if want == "" && (report.Kills != 4 || report.Mapped != 60 || report.Alive != 60 || report.Deleted == 0) {
				t.Errorf("%s", report.Table("toy"))
			}
		})
	}
}
