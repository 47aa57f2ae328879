package tables

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Bounds of one call of the service.
const (
	readTry  = 5 * time.Second
	writeTry = 10 * time.Second
	fullPage = 1000 // entities, the most that the service gives at once
	maxPages = 100  // of one query: 100,000 entities
)

// once: a write of a row or a line is sent one time only. Sent again, it could
// land after the row has lived and gone.
func once() policy.RetryOptions { return policy.RetryOptions{MaxRetries: -1, TryTimeout: writeTry} }

// harmless lets a call be repeated: reads, and writes whose repeat changes nothing that anybody relies on.
func harmless(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{
		MaxRetries: 2, TryTimeout: readTry, RetryDelay: 50 * time.Millisecond, MaxRetryDelay: 3 * time.Second})
}

// A reply is one entity with the moment of the answer by the clock of the service.
type reply struct {
	aztables.EDMEntity
	etag azcore.ETag
	now  time.Time
}

// get reads one entity.
func (s *Store) get(ctx context.Context, partition, row string) (reply, error) {
	var raw *http.Response
	resp, err := s.client.GetEntity(policy.WithCaptureResponse(harmless(ctx), &raw), partition, row, nil)
	if err != nil {
		return reply{}, plain(err)
	}
	r := reply{etag: resp.ETag}
	if r.etag == "" {
		return reply{}, errors.New("the table service gave no ETag")
	}
	if r.now, err = date(raw); err != nil {
		return reply{}, err
	}
	return r, json.Unmarshal(resp.Value, &r.EDMEntity)
}

// date is the clock of the service, in full seconds.
func date(resp *http.Response) (time.Time, error) {
	if resp == nil {
		return time.Time{}, errors.New("the table service gave no answer")
	}
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, errors.New("the answer of the table service has no valid Date header")
	}
	return t.UTC(), nil
}

// query calls visit for each entity that matches, in the order of the keys, in
// pages of so many, until visit wants no more or maxPages are read. It
// returns the moment of the last answer, and whether that is all.
func (s *Store) query(ctx context.Context, filter string, page int32, visit func(aztables.EDMEntity) (more bool, err error)) (now time.Time, all bool, err error) {
	pager := s.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter, Top: &page})
	for range maxPages {
		var raw *http.Response
		page, err := pager.NextPage(policy.WithCaptureResponse(harmless(ctx), &raw))
		if err != nil {
			return now, false, plain(err)
		}
		if now, err = date(raw); err != nil {
			return now, false, err
		}
		for _, content := range page.Entities {
			var e aztables.EDMEntity
			if err := json.Unmarshal(content, &e); err != nil {
				return now, false, errors.New("the table service gave an entity that cannot be read")
			}
			if more, err := visit(e); err != nil || !more {
				return now, false, err
			}
		}
		if !pager.More() {
			return now, true, nil
		}
	}
	return now, false, nil
}

// entity is the form in which an entity is sent.
func entity(partition, row string, properties map[string]any) ([]byte, error) {
	return json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: partition, RowKey: row}, Properties: properties})
}

// add inserts an entity; see [exists].
func (s *Store) add(ctx context.Context, content []byte) (azcore.ETag, error) {
	resp, err := s.client.AddEntity(ctx, content, nil)
	if err != nil {
		return "", plain(err)
	}
	return resp.ETag, nil
}

// swap replaces an entity that still has the ETag; see [changed] and [absent].
func (s *Store) swap(ctx context.Context, content []byte, has azcore.ETag) (azcore.ETag, error) {
	resp, err := s.client.UpdateEntity(ctx, content, &aztables.UpdateEntityOptions{IfMatch: &has, UpdateMode: aztables.UpdateModeReplace})
	if err != nil {
		return "", plain(err)
	}
	return resp.ETag, nil
}

// put writes an entity whatever was there. Only entries of indexes are written so.
func (s *Store) put(ctx context.Context, content []byte) (azcore.ETag, error) {
	resp, err := s.client.UpsertEntity(harmless(ctx), content, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	if err != nil {
		return "", plain(err)
	}
	return resp.ETag, nil
}

// drop deletes an entity that still has the ETag.
func (s *Store) drop(ctx context.Context, partition, row string, has azcore.ETag) error {
	_, err := s.client.DeleteEntity(ctx, partition, row, &aztables.DeleteEntityOptions{IfMatch: &has})
	return plain(err)
}
