package cosmos

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

func TestItem(t *testing.T) {
	items := newItems(t, start(t, Options{}))
	ctx := t.Context()
	_, _, err := read(t, items, "a", "m", nil)
	wantStatus(t, "read nothing", err, http.StatusNotFound, "0")
	made, err := items.CreateItem(ctx, pk("a"), doc("a", "m", map[string]any{"n": 1}), nil)
	must(t, err)
	if made.ETag == "" || made.SessionToken == nil || len(made.Value) != 0 {
		t.Errorf("create: %q, %v, %d bytes", made.ETag, made.SessionToken, len(made.Value))
	}
	_, err = items.CreateItem(ctx, pk("a"), doc("a", "m", nil), nil)
	wantStatus(t, "create again", err, http.StatusConflict, "0")
	_, err = items.CreateItem(ctx, pk("b"), doc("b", "m", nil), nil)
	must(t, err) // ids are unique in a partition only

	body, resp, err := read(t, items, "a", "m", nil)
	must(t, err)
	now, err := http.ParseTime(resp.RawResponse.Header.Get("Date"))
	must(t, err)
	ts, _ := body["_ts"].(float64)
	if resp.ETag != made.ETag || body["_etag"] != string(made.ETag) || body["_rid"] == nil || now.Unix()-int64(ts) > 60 || body["n"] != 1.0 {
		t.Errorf("read: %q, %v", resp.ETag, body)
	}
	old := made.ETag
	replaced, err := items.ReplaceItem(ctx, pk("a"), "m", doc("a", "m", map[string]any{"n": 2}), &azcosmos.ItemOptions{IfMatchEtag: &old, EnableContentResponseOnWrite: true})
	must(t, err)
	if replaced.ETag == old || len(replaced.Value) == 0 {
		t.Error("the entity tag did not change, or there is no content")
	}
	_, err = items.ReplaceItem(ctx, pk("a"), "m", doc("a", "m", nil), &azcosmos.ItemOptions{IfMatchEtag: &old})
	wantStatus(t, "replace with an old entity tag", err, http.StatusPreconditionFailed, "0")
	_, err = items.ReplaceItem(ctx, pk("a"), "x", doc("a", "x", nil), nil)
	wantStatus(t, "replace nothing", err, http.StatusNotFound, "0")
	_, err = items.DeleteItem(ctx, pk("a"), "m", &azcosmos.ItemOptions{IfMatchEtag: &old})
	wantStatus(t, "delete with an old entity tag", err, http.StatusPreconditionFailed, "0")
	_, err = items.DeleteItem(ctx, pk("a"), "m", &azcosmos.ItemOptions{IfMatchEtag: &replaced.ETag})
	must(t, err)
	_, err = items.DeleteItem(ctx, pk("a"), "m", nil)
	wantStatus(t, "delete nothing", err, http.StatusNotFound, "0")
	for range 2 {
		_, err = items.UpsertItem(ctx, pk("a"), doc("a", "g", nil), nil)
		must(t, err)
	}
}

func TestItemRefusals(t *testing.T) {
	s := start(t, Options{})
	items := newItems(t, s)
	create := func(key string, text []byte) error {
		_, err := items.CreateItem(t.Context(), pk(key), text, nil)
		return err
	}
	wantStatus(t, "another partition key", create("a", doc("b", "m", nil)), http.StatusBadRequest, "1001")
	wantStatus(t, "no id", create("a", []byte(`{"key":"a"}`)), http.StatusBadRequest, "0")
	wantStatus(t, "no object", create("a", []byte(`[]`)), http.StatusBadRequest, "0")
	for _, id := range []string{"a/b", `a\b`, "a?b", "a#b", "a ", strings.Repeat("x", 1024)} {
		wantStatus(t, "id "+id[:2], create("a", doc("a", id, nil)), http.StatusBadRequest, "0")
	}
	must(t, create("a", doc("a", strings.Repeat("x", 1023), nil)))
	wantStatus(t, "too large", create("a", doc("a", "m", map[string]any{"n": strings.Repeat("x", 2<<20)})), http.StatusRequestEntityTooLarge, "0")
	must(t, create("a", doc("a", "m", map[string]any{"n": strings.Repeat("x", 2<<20-100)})))
	_, err := items.ReplaceItem(t.Context(), pk("a"), "m", doc("a", "n", nil), nil)
	wantStatus(t, "another id", err, http.StatusBadRequest, "0")
	_, err = items.PatchItem(t.Context(), pk("a"), "m", azcosmos.PatchOperations{}, nil)
	wantStatus(t, "patch", err, http.StatusMethodNotAllowed, "0")
	_, err = items.Replace(t.Context(), azcosmos.ContainerProperties{ID: "items"}, nil)
	wantStatus(t, "replace the container", err, http.StatusMethodNotAllowed, "0")

	s.DropContainer("db", "items")
	wantStatus(t, "create in no container", create("a", doc("a", "m", nil)), http.StatusNotFound, "1003")
	_, _, err = read(t, items, "a", "m", nil)
	wantStatus(t, "read in no container", err, http.StatusNotFound, "1003")
	_, err = items.Read(t.Context(), nil)
	wantStatus(t, "read no container", err, http.StatusNotFound, "0")
}

func TestManage(t *testing.T) {
	s := start(t, Options{})
	newItems(t, s)
	c := client(t, s, s.Key)
	_, err := c.CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: "db"}, nil)
	wantStatus(t, "create the database again", err, http.StatusConflict, "0")
	db, err := c.NewDatabase("db")
	must(t, err)
	_, err = db.Read(t.Context(), nil)
	must(t, err)
	key := azcosmos.PartitionKeyDefinition{Paths: []string{"/key"}}
	_, err = db.CreateContainer(t.Context(), azcosmos.ContainerProperties{ID: "items", PartitionKeyDefinition: key}, nil)
	wantStatus(t, "create the container again", err, http.StatusConflict, "0")
	_, err = db.CreateContainer(t.Context(), azcosmos.ContainerProperties{ID: "deep", PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Paths: []string{"/a/b"}}}, nil)
	wantStatus(t, "a deep key", err, http.StatusBadRequest, "0")
	_, err = db.CreateContainer(t.Context(), azcosmos.ContainerProperties{ID: "rootless", PartitionKeyDefinition: key,
		IndexingPolicy: &azcosmos.IndexingPolicy{IncludedPaths: []azcosmos.IncludedPath{{Path: "/kind/?"}}}}, nil)
	wantStatus(t, "an index without a root", err, http.StatusBadRequest, "0")
	items, err := db.NewContainer("items")
	must(t, err)
	got, err := items.Read(t.Context(), nil)
	must(t, err)
	if p := got.ContainerProperties.PartitionKeyDefinition.Paths; len(p) != 1 || p[0] != "/key" {
		t.Errorf("the partition key is %q", p)
	}
	other, err := c.NewDatabase("other")
	must(t, err)
	_, err = other.Read(t.Context(), nil)
	wantStatus(t, "read no database", err, http.StatusNotFound, "0")
	_, err = other.CreateContainer(t.Context(), azcosmos.ContainerProperties{ID: "items", PartitionKeyDefinition: key}, nil)
	wantStatus(t, "create in no database", err, http.StatusNotFound, "1003")
}

func TestKey(t *testing.T) {
	s := start(t, Options{})
	newItems(t, s)
	other := start(t, Options{})
	items, err := client(t, s, other.Key).NewContainer("db", "items")
	must(t, err)
	_, _, err = read(t, items, "a", "m", nil)
	if err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("another key: got %v, want 401", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint(), nil)
	must(t, err)
	if got := statusOf(t, s, req); got != http.StatusUnauthorized {
		t.Errorf("no authorization: got %d", got)
	}
}

// TestClock: a request that is dated far from the clock of the service is refused.
func TestClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		s := start(t, Options{Now: func() time.Time { return time.Now().Add(off) }})
		_, err := client(t, s, s.Key).CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: "db"}, nil)
		if err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("a clock that is off by %v: got %v, want 403", off, err)
		}
	}
}

func TestBatch(t *testing.T) {
	items := newItems(t, start(t, Options{}))
	ctx := t.Context()
	one, err := items.CreateItem(ctx, pk("a"), doc("a", "m", nil), nil)
	must(t, err)
	batch := func(fill func(b *azcosmos.TransactionalBatch)) azcosmos.TransactionalBatchResponse {
		b := items.NewTransactionalBatch(pk("a"))
		fill(&b)
		resp, err := items.ExecuteTransactionalBatch(ctx, b, nil)
		must(t, err)
		return resp
	}
	want := func(what string, resp azcosmos.TransactionalBatchResponse, success bool, statuses ...int32) {
		t.Helper()
		var got []int32
		for _, r := range resp.OperationResults {
			got = append(got, r.StatusCode)
		}
		if resp.Success != success || len(got) != len(statuses) {
			t.Fatalf("%s: got %v %v, want %v %v", what, resp.Success, got, success, statuses)
		}
		for i := range got {
			if got[i] != statuses[i] {
				t.Errorf("%s: got %v, want %v", what, got, statuses)
			}
		}
	}
	good := batch(func(b *azcosmos.TransactionalBatch) {
		b.ReplaceItem("m", doc("a", "m", nil), &azcosmos.TransactionalBatchItemOptions{IfMatchETag: &one.ETag})
		b.CreateItem(doc("a", "j", nil), nil)
		b.UpsertItem(doc("a", "g", nil), nil)
		b.DeleteItem("g", nil)
		b.ReadItem("j", nil)
	})
	want("all of it", good, true, 200, 201, 201, 204, 200)
	if good.OperationResults[0].ETag == one.ETag || len(good.OperationResults[4].ResourceBody) == 0 {
		t.Error("no new entity tag, or nothing was read")
	}
	bad := batch(func(b *azcosmos.TransactionalBatch) {
		b.CreateItem(doc("a", "k", nil), nil)
		b.DeleteItem("m", &azcosmos.TransactionalBatchItemOptions{IfMatchETag: &one.ETag})
		b.DeleteItem("j", nil)
	})
	want("an old entity tag", bad, false, 424, 412, 424)
	want("an id that is taken", batch(func(b *azcosmos.TransactionalBatch) {
		b.DeleteItem("m", nil)
		b.CreateItem(doc("a", "j", nil), nil)
	}), false, 424, 409)
	for id, there := range map[string]bool{"m": true, "j": true, "k": false, "g": false} {
		if _, _, err := read(t, items, "a", id, nil); (err == nil) != there {
			t.Errorf("item %q after the batches: %v", id, err)
		}
	}
	b := items.NewTransactionalBatch(pk("a"))
	for range 101 {
		b.ReadItem("m", nil)
	}
	_, err = items.ExecuteTransactionalBatch(ctx, b, nil)
	wantStatus(t, "101 operations", err, http.StatusBadRequest, "0")
}

// tokens gives one bearer token.
type tokens string

func TestBearer(t *testing.T) {
	s := start(t, Options{TLS: true, Token: "good"})
	newItems(t, s)
	for token, want := range map[tokens]bool{"good": true, "bad": false} {
		transport := s.Client()
		defer transport.CloseIdleConnections()
		c, err := azcosmos.NewClient(s.Endpoint(), token, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: transport}})
		must(t, err)
		items, err := c.NewContainer("db", "items")
		must(t, err)
		if _, err := items.UpsertItem(t.Context(), pk("a"), doc("a", "m", nil), nil); (err == nil) != want {
			t.Errorf("token %s: %v", token, err)
		}
		_, err = c.CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: "new"}, nil)
		if want {
			wantStatus(t, "create a database without a key", err, http.StatusForbidden, "5300")
		} else if err == nil {
			t.Error("a bad token made a database")
		}
	}
}
