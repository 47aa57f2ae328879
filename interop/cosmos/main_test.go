package cosmos

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client is the SDK as it is, but that it sends each request once.
func client(t *testing.T, s *Server, key string) *azcosmos.Client {
	t.Helper()
	cred, err := azcosmos.NewKeyCredential(key)
	must(t, err)
	transport := s.Client()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := azcosmos.NewClientWithKey(s.Endpoint(), cred, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}})
	must(t, err)
	return c
}

// container makes the container "items" with the partition key /key.
func newItems(t *testing.T, s *Server) *azcosmos.ContainerClient {
	t.Helper()
	c := client(t, s, s.Key)
	_, err := c.CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: "db"}, nil)
	must(t, err)
	db, err := c.NewDatabase("db")
	must(t, err)
	_, err = db.CreateContainer(t.Context(), azcosmos.ContainerProperties{ID: "items",
		PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Paths: []string{"/key"}, Version: 2},
		IndexingPolicy: &azcosmos.IndexingPolicy{Automatic: true, IndexingMode: azcosmos.IndexingModeConsistent,
			IncludedPaths: []azcosmos.IncludedPath{{Path: "/kind/?"}, {Path: "/key/?"}}, ExcludedPaths: []azcosmos.ExcludedPath{{Path: "/*"}}}}, nil)
	must(t, err)
	return openItems(t, s)
}

// openItems is another client of the same container.
func openItems(t *testing.T, s *Server) *azcosmos.ContainerClient {
	t.Helper()
	items, err := client(t, s, s.Key).NewContainer("db", "items")
	must(t, err)
	return items
}

func doc(key, id string, more map[string]any) []byte {
	all := map[string]any{"id": id, "key": key}
	for name, value := range more {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return text
}

func pk(key string) azcosmos.PartitionKey { return azcosmos.NewPartitionKeyString(key) }

// wantStatus fails unless err is an answer with that status and substatus.
func wantStatus(t *testing.T, what string, err error, status int, substatus string) {
	t.Helper()
	r, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok || r.StatusCode != status || r.RawResponse.Header.Get("x-ms-substatus") != substatus {
		t.Errorf("%s: got %v, want %d with substatus %s", what, err, status, substatus)
	}
}

func read(t *testing.T, items *azcosmos.ContainerClient, key, id string, session *string) (map[string]any, azcosmos.ItemResponse, error) {
	t.Helper()
	resp, err := items.ReadItem(t.Context(), pk(key), id, &azcosmos.ItemOptions{SessionToken: session})
	if err != nil {
		return nil, resp, err
	}
	var body map[string]any
	must(t, json.Unmarshal(resp.Value, &body))
	return body, resp, nil
}

// statusOf is the status of a plain request.
func statusOf(t *testing.T, s *Server, req *http.Request) int {
	t.Helper()
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}
