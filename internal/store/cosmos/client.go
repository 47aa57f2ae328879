package cosmos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

const (
	maxReads = 3 // how often a read is tried
	fullPage = 1000
	maxPages = 200 // of one query
)

// get reads one item, with the moment of the answer by the clock of the service. See [absent].
func (s *Store) get(ctx context.Context, key, id string) (*item, time.Time, error) {
	var resp azcosmos.ItemResponse
	err := harmless(ctx, func() (err error) {
		level := s.level()
		options := &azcosmos.ItemOptions{ConsistencyLevel: &level}
		if level == session && key != metaPartition {
			if options.SessionToken, err = s.guard(ctx, key); err != nil {
				return err
			}
		}
		resp, err = s.items.ReadItem(ctx, partition(key), id, options)
		return plain(err)
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	now, err := date(resp.RawResponse)
	if err != nil {
		return nil, now, err
	}
	i, err := decode(resp.Value)
	if err != nil || i.Key != key || i.ID != id || i.ETag == "" {
		return nil, now, errUnreadable
	}
	return i, now, nil
}

// level is the consistency level of the account, which each read asks for: the
// service refuses a read that asks for more than the account has, so a level that
// was lowered meanwhile shows at once.
func (s *Store) level() azcosmos.ConsistencyLevel {
	return azcosmos.ConsistencyLevel(s.gate.account.Load().level)
}

// guard writes an item that nobody reads. A read with the session token of
// that write sees every write of the partition that was acknowledged before it began.
func (s *Store) guard(ctx context.Context, key string) (*string, error) {
	resp, err := s.items.UpsertItem(ctx, partition(key), item{ID: guardID, Key: key, Kind: kindGuard}.encode(), nil)
	if err == nil && resp.SessionToken == nil {
		err = errors.New("the service gave no session token")
	}
	return resp.SessionToken, plain(err)
}

// harmless makes a call that changes nothing anybody relies on, again if need be.
func harmless(ctx context.Context, call func() error) error {
	var err error
	for try := range maxReads {
		if err = call(); err == nil || !passing(err) {
			return err
		}
		after := time.Duration(0)
		if f, ok := errors.AsType[*fault](err); ok {
			after = f.after
		}
		if try < maxReads-1 && !pause(ctx, try, after) {
			return err
		}
	}
	return err
}

// pause waits, longer each time, and at least as long as asked for. False: ctx leaves no time for it.
func pause(ctx context.Context, try int, least time.Duration) bool {
	d := least + time.Duration(rand.Int64N(int64(10*time.Millisecond)<<min(try, 4)))
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func partition(key string) azcosmos.PartitionKey { return azcosmos.NewPartitionKeyString(key) }

// date is the clock of the service, in full seconds.
func date(resp *http.Response) (time.Time, error) {
	if resp == nil {
		return time.Time{}, errors.New("the service gave no answer")
	}
	t, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, errors.New("the answer of the service has no valid Date header")
	}
	return t.UTC(), nil
}

// create adds an item; see [exists].
func (s *Store) create(ctx context.Context, i item) (azcore.ETag, error) {
	resp, err := s.items.CreateItem(ctx, partition(i.Key), i.encode(), nil)
	return resp.ETag, plain(err)
}

// replace swaps an item that still has the entity tag; see [refused].
func (s *Store) replace(ctx context.Context, i item, has azcore.ETag) (azcore.ETag, error) {
	resp, err := s.items.ReplaceItem(ctx, partition(i.Key), i.ID, i.encode(), &azcosmos.ItemOptions{IfMatchEtag: &has})
	return resp.ETag, plain(err)
}

// drop deletes an item that still has the entity tag, or as it is if there is none.
func (s *Store) drop(ctx context.Context, key, id string, has azcore.ETag) error {
	options := &azcosmos.ItemOptions{}
	if has != "" {
		options.IfMatchEtag = &has
	}
	_, err := s.items.DeleteItem(ctx, partition(key), id, options)
	return plain(err)
}

// together does all steps of a batch or none, and returns the entity tag of the first. The
// fault of a batch tells the step that was refused.
func (s *Store) together(ctx context.Context, b azcosmos.TransactionalBatch, steps int) (azcore.ETag, error) {
	resp, err := s.items.ExecuteTransactionalBatch(ctx, b, nil)
	if err != nil {
		return "", plain(err)
	}
	if len(resp.OperationResults) != steps {
		return "", fmt.Errorf("the service gave %d results for a batch of %d", len(resp.OperationResults), steps)
	}
	for i, r := range resp.OperationResults {
		if status := int(r.StatusCode); status/100 != 2 && status != http.StatusFailedDependency {
			return "", &fault{status: status, step: i, activity: shortID(resp.ActivityID)}
		}
	}
	for _, r := range resp.OperationResults {
		if !resp.Success || r.StatusCode/100 != 2 {
			return "", errors.New("the service says that a batch failed, and not why")
		}
	}
	return resp.OperationResults[0].ETag, nil
}

// A query finds items over all partitions.
type query struct {
	text       string
	parameters map[string]any
	from       string // continuation token, empty: the start
	page       int    // items of a page, at most
}

// run calls visit for each page: its items, the moment of the answer by the
// clock of the service, and the token to go on with, empty after the last
// page. It goes on until visit returns false. all: there was nothing more.
func (s *Store) run(ctx context.Context, q query, visit func(page [][]byte, now time.Time, next string) (more bool, err error)) (all bool, err error) {
	level := s.level()
	options := azcosmos.QueryOptions{PageSizeHint: int32(q.page), ConsistencyLevel: &level}
	for name, value := range q.parameters {
		options.QueryParameters = append(options.QueryParameters, azcosmos.QueryParameter{Name: name, Value: value})
	}
	for range maxPages {
		if q.from != "" {
			options.ContinuationToken = &q.from
		}
		var resp azcosmos.QueryItemsResponse
		err := harmless(ctx, func() (err error) {
			resp, err = s.items.NewQueryItemsPager(q.text, azcosmos.NewPartitionKey(), &options).NextPage(ctx)
			return plain(err)
		})
		if err != nil {
			return false, err
		}
		now, err := date(resp.RawResponse)
		if err != nil {
			return false, err
		}
		q.from = ""
		if resp.ContinuationToken != nil {
			q.from = *resp.ContinuationToken
		}
		more, err := visit(resp.Items, now, q.from)
		if err != nil || q.from == "" || !more {
			return q.from == "", err
		}
	}
	return false, nil
}
