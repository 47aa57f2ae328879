package cosmos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

func (k tokens) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(k), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// ids runs a query to its end and returns the ids of what it finds, and the number of pages.
func ids(t *testing.T, items *azcosmos.ContainerClient, in azcosmos.PartitionKey, query string, o azcosmos.QueryOptions) (found []string, pages int, err error) {
	t.Helper()
	pager := items.NewQueryItemsPager(query, in, &o)
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			return nil, pages, err
		}
		pages++
		for _, text := range page.Items {
			var d struct{ ID, Key string }
			must(t, json.Unmarshal(text, &d))
			found = append(found, d.Key+d.ID)
		}
	}
	return found, pages, nil
}

func parameters(values ...string) (p []azcosmos.QueryParameter) {
	for i, v := range values {
		p = append(p, azcosmos.QueryParameter{Name: fmt.Sprint("@p", i), Value: v})
	}
	return p
}

func TestQuery(t *testing.T) {
	for _, empty := range []bool{false, true} {
		s := start(t, Options{EmptyPages: empty})
		items := newItems(t, s)
		for i := range 7 {
			key := fmt.Sprint(i % 2)
			_, err := items.CreateItem(t.Context(), pk(key), doc(key, fmt.Sprint("-", i), map[string]any{"kind": fmt.Sprint("k", i%3), "size": i}), nil)
			must(t, err)
		}
		all := azcosmos.NewPartitionKey()
		for _, c := range []struct {
			in     azcosmos.PartitionKey
			query  string
			values []string
			want   string
			pages  int
		}{
			{all, "SELECT * FROM c WHERE c.kind = @p0", []string{"k0"}, "[0-0 1-3 0-6]", 2},
			{all, "SELECT c.id, c.key FROM c WHERE c.kind IN (@p0, @p1)", []string{"k1", "k2"}, "[1-1 0-2 0-4 1-5]", 2},
			{all, "select * from c where c.kind = 'k0' AND c.key = @p0 OR c.kind = @p1 AND c.key = @p0", []string{"1", "k1"}, "[1-1 1-3]", 1},
			{pk("1"), "SELECT * FROM c WHERE c.kind = @p0", []string{"k0"}, "[1-3]", 1},
			{pk("2"), "SELECT * FROM c WHERE c.kind = @p0", []string{"k0"}, "[]", 1},
			{all, "SELECT * FROM c WHERE c.kind = @p0", []string{"K0"}, "[]", 1},
			{all, "SELECT * FROM c WHERE c.kind > @p0 AND c.kind < @p1", []string{"k0", "k2"}, "[1-1 0-4]", 1},
		} {
			got, pages, err := ids(t, items, c.in, c.query, azcosmos.QueryOptions{QueryParameters: parameters(c.values...), PageSizeHint: 2})
			must(t, err)
			if empty {
				c.pages *= 2
			}
			if fmt.Sprint(got) != c.want || pages != c.pages {
				t.Errorf("%s: got %v in %d pages, want %s in %d", c.query, got, pages, c.want, c.pages)
			}
		}
	}
}

func TestQueryRefusals(t *testing.T) {
	items := newItems(t, start(t, Options{}))
	for _, query := range []string{
		"SELECT * FROM c", "SELECT VALUE COUNT(1) FROM c WHERE c.kind = @p0", "SELECT * FROM c WHERE c.kind = @p0 ORDER BY c.key",
		"SELECT * FROM c WHERE c.kind = @p9", "SELECT * FROM c WHERE c.size = @p0", "SELECT * FROM c WHERE c.kind >= @p0", "DELETE FROM c", "SELECT * FROM c WHERE NOT c.kind = @p0",
	} {
		_, _, err := ids(t, items, azcosmos.NewPartitionKey(), query, azcosmos.QueryOptions{QueryParameters: parameters("x")})
		wantStatus(t, query, err, http.StatusBadRequest, "0")
	}
	const good = "SELECT * FROM c WHERE c.kind = @p0"
	no, foreign := false, "bm8="
	_, _, err := ids(t, items, azcosmos.NewPartitionKey(), good, azcosmos.QueryOptions{QueryParameters: parameters("x"), EnableCrossPartitionQuery: &no})
	wantStatus(t, "across partitions without leave", err, http.StatusBadRequest, "0")
	_, _, err = ids(t, items, azcosmos.NewPartitionKey(), good, azcosmos.QueryOptions{QueryParameters: parameters("x"), ContinuationToken: &foreign})
	wantStatus(t, "a foreign token", err, http.StatusBadRequest, "0")
}

// TestStale: what the consistency levels promise, and no more.
func TestStale(t *testing.T) {
	s := start(t, Options{Consistency: Session})
	a := newItems(t, s)
	b := openItems(t, s)
	_, err := a.CreateItem(t.Context(), pk("a"), doc("a", "m", map[string]any{"n": 1, "kind": "x"}), nil)
	must(t, err)
	s.SetStale(true)
	next, err := a.ReplaceItem(t.Context(), pk("a"), "m", doc("a", "m", map[string]any{"n": 2, "kind": "y"}), nil)
	must(t, err)
	sees := func(what string, token *string, want float64) *string {
		t.Helper()
		body, resp, err := read(t, b, "a", "m", token)
		must(t, err)
		if body["n"] != want {
			t.Errorf("%s reads %v, want %v", what, body["n"], want)
		}
		return resp.SessionToken
	}
	old := sees("a read without a token", nil, 1)
	sees("a read with an old token", old, 1)
	sees("a read with the token of the write", next.SessionToken, 2)
	found := func(token *string) int {
		got, _, err := ids(t, b, azcosmos.NewPartitionKey(), "SELECT * FROM c WHERE c.kind = @p0", azcosmos.QueryOptions{QueryParameters: parameters("y"), SessionToken: token})
		must(t, err)
		return len(got)
	}
	if found(nil) != 0 || found(next.SessionToken) != 1 {
		t.Error("queries do not mind the session token")
	}
	batch := b.NewTransactionalBatch(pk("a"))
	batch.ReadItem("m", nil)
	resp, err := b.ExecuteTransactionalBatch(t.Context(), batch, nil)
	must(t, err)
	if !strings.Contains(string(resp.OperationResults[0].ResourceBody), `"n":2`) {
		t.Error("a batch reads what is old")
	}
	for _, level := range []string{BoundedStaleness, Strong} {
		s.SetConsistency(level)
		sees(level, nil, 2)
	}
	_, err = b.ReadItem(t.Context(), pk("a"), "m", &azcosmos.ItemOptions{ConsistencyLevel: azcosmos.ConsistencyLevelEventual.ToPtr()})
	must(t, err)
	s.SetConsistency(Session)
	_, err = b.ReadItem(t.Context(), pk("a"), "m", &azcosmos.ItemOptions{ConsistencyLevel: azcosmos.ConsistencyLevelStrong.ToPtr()})
	wantStatus(t, "a level that is stronger than that of the account", err, http.StatusBadRequest, "0")
	s.SetStale(false)
	sees("a read when the replica has caught up", nil, 2)
}

func TestFaults(t *testing.T) {
	s := start(t, Options{})
	items := newItems(t, s)
	create := func(id string) error {
		_, err := items.CreateItem(t.Context(), pk("a"), doc("a", id, nil), nil)
		return err
	}
	there := func(id string, want bool) {
		t.Helper()
		if _, _, err := read(t, items, "a", id, nil); (err == nil) != want {
			t.Errorf("item %q: %v", id, err)
		}
	}
	s.Forget()
	s.Inject(Fault{Kind: LoseRequest, Op: OpCreate})
	if create("lost") == nil {
		t.Error("a lost request succeeded")
	}
	there("lost", false)
	s.Inject(Fault{Kind: LoseAnswer, Op: OpCreate})
	if create("done") == nil {
		t.Error("a lost answer arrived")
	}
	there("done", true)
	for _, status := range []int{429, 449, 503} {
		s.Inject(Fault{Kind: Status, Status: status, Op: OpCreate, After: 1, RetryAfter: 40 * time.Millisecond})
		must(t, create(fmt.Sprint("before", status)))
		err := create(fmt.Sprint(status))
		r, ok := errors.AsType[*azcore.ResponseError](err)
		if !ok || r.StatusCode != status || r.RawResponse.Header.Get("x-ms-retry-after-ms") != "40" {
			t.Errorf("got %v, want %d", err, status)
		}
		there(fmt.Sprint(status), false)
	}
	s.Inject(Fault{Kind: Delay, Op: OpCreate, Delay: 50 * time.Millisecond})
	start := time.Now()
	must(t, create("late"))
	if time.Since(start) < 50*time.Millisecond {
		t.Error("nothing was delayed")
	}
	s.Inject(Fault{Kind: Hang, Op: OpCreate})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := items.CreateItem(ctx, pk("a"), doc("a", "hung", nil), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a request that hangs: %v", err)
	}
	there("hung", false)
	s.Inject(Fault{Kind: Status, Status: 503, Times: -1})
	if create("no") == nil {
		t.Error("a fault for all requests met none")
	}
	s.Suspend(true)
	must(t, create("suspended"))
	s.Suspend(false)
	if s.Left() != 1 {
		t.Errorf("%d faults are left, want 1", s.Left())
	}
	s.Heal()
	must(t, create("yes"))
	counts := map[string]int{}
	for _, r := range s.Requests() {
		counts[r.Op]++
		if r.Key != "a" && r.Op != OpAccount {
			t.Errorf("a request of %s for key %q", r.Op, r.Key)
		}
	}
	if counts[OpCreate] != 12 || counts[OpRead] < 5 {
		t.Errorf("the requests were %v", counts)
	}
}
