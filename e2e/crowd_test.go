package e2e

import (
	"sync"
	"testing"
)

// A thousand first calls at once: for one user, and for a thousand users.
func TestThousandFirstCalls(t *testing.T) {
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	const n = 1000
	tokens := p.tokens(t, n+1)
	for _, c := range []struct {
		name         string
		token        func(i int) string
		users, total int
	}{
		{"for one user", func(int) string { return tokens[n] }, 1, 1},
		{"for a thousand users", func(i int) string { return tokens[i] }, n, n + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			seen := map[string]string{}
			statuses := map[int]int{}
			for i := range n {
				wg.Go(func() {
					var u user
					status, err := call("POST", p.Server+"/getUser", c.token(i), nil, &u)
					mu.Lock()
					defer mu.Unlock()
					statuses[status]++
					if before, ok := seen[c.token(i)]; err != nil || u.Identity == "" || ok && before != u.Identity {
						t.Errorf("call %d: status %d, %+v, %v", i, status, u, err)
					}
					seen[c.token(i)] = u.Identity
				})
			}
			wg.Wait()
			ids, creates := p.alive(t)
			t.Logf("%d calls, statuses %v; at the emulator %d creates, %d identities", n, statuses, creates, len(ids))
			if len(seen) != c.users || statuses[201] != c.users || len(ids) != c.total || creates != int64(c.total) {
				t.Errorf("%d users served; want %d users, as many 201, and %d creates in all", len(seen), c.users, c.total)
			}
		})
	}
}
