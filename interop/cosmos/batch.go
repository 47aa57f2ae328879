package cosmos

import (
	"encoding/json"
	"net/http"
	"strings"
)

// maxBatch is how many operations a batch may have.
const maxBatch = 100

// A step is one operation of a batch.
type step struct {
	OperationType string          `json:"operationType"`
	ID            string          `json:"id"`
	IfMatch       string          `json:"ifMatch"`
	ResourceBody  json.RawMessage `json:"resourceBody"`
}

// A result is what came of a step.
type result struct {
	StatusCode    int            `json:"statusCode"`
	RequestCharge float64        `json:"requestCharge"`
	ETag          string         `json:"eTag,omitempty"`
	ResourceBody  map[string]any `json:"resourceBody,omitempty"`
}

func operations() map[string]string {
	return map[string]string{"Create": OpCreate, "Upsert": OpUpsert, "Read": OpRead, "Replace": OpReplace, "Delete": OpDelete}
}

// batch does all of its steps, in their order, or none.
func (s *Server) batch(q request, c *container) *answer {
	key, refusal := partitionKey(q.Request)
	if refusal != nil {
		return refusal
	}
	for _, header := range []string{"x-ms-cosmos-batch-atomic", "x-ms-cosmos-batch-ordered"} {
		if !strings.EqualFold(q.Header.Get(header), "true") {
			return badRequest("the stand-in knows atomic, ordered batches only")
		}
	}
	if len(q.body) > maxItem {
		return refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size is too large")
	}
	var steps []step
	if json.Unmarshal(q.body, &steps) != nil || len(steps) == 0 || len(steps) > maxBatch {
		return badRequest("a batch is a list of 1 to 100 operations")
	}
	minimal := strings.EqualFold(q.Header.Get("Prefer"), "return=minimal")
	next := draft{c.items, map[name]*item{}}
	results := make([]result, len(steps))
	for i, st := range steps {
		op, known := operations()[st.OperationType]
		if !known {
			return badRequest("the stand-in does not know this operation of a batch")
		}
		d := s.apply(c, next, key, change{op: op, id: st.ID, ifMatch: st.IfMatch, body: st.ResourceBody})
		results[i] = result{StatusCode: d.answer.status, RequestCharge: 1}
		if d.answer.failed() {
			return failedBatch(results, i).seen(c.lsn)
		}
		if d.item != nil {
			results[i].ETag = d.item.etag
			if !minimal {
				results[i].ResourceBody = d.item.body
			}
		}
	}
	c.commit(next)
	return reply(http.StatusOK, results).seen(c.lsn)
}

// failedBatch tells which step failed; the others depended on it.
func failedBatch(results []result, failed int) *answer {
	for i := range results {
		if i != failed {
			results[i] = result{StatusCode: http.StatusFailedDependency}
		}
	}
	return reply(http.StatusMultiStatus, results)
}
