package cosmos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// maxItem is the largest item, in bytes of JSON.
const maxItem = 2 << 20

// partitionKey reads the header that names the logical partition.
func partitionKey(r *http.Request) (string, *answer) {
	text := r.Header.Get("x-ms-documentdb-partitionkey")
	if text == "" {
		return "", badRequest("PartitionKey value must be supplied for this operation.")
	}
	var keys []string
	if json.Unmarshal([]byte(text), &keys) != nil || len(keys) != 1 {
		return "", badRequest("the stand-in needs a partition key of one string")
	}
	if len(keys[0]) > 2048 {
		return "", badRequest("the partition key is longer than 2048 bytes")
	}
	return keys[0], nil
}

// A change is one operation on an item.
type change struct {
	op      string
	id      string
	ifMatch string
	body    []byte
}

// A done is what came of a change.
type done struct {
	answer *answer
	item   *item // as it is now
}

// item does an operation on one item.
func (s *Server) item(q request, c *container) *answer {
	key, refusal := partitionKey(q.Request)
	if refusal != nil {
		return refusal
	}
	ch := change{op: q.op, id: q.id, ifMatch: q.Header.Get("If-Match"), body: q.body}
	if q.op == OpRead {
		v, refusal := s.view(q, c)
		if refusal != nil {
			return refusal
		}
		return s.apply(c, draft{items: v.items}, key, ch).answer.seen(v.lsn)
	}
	next := draft{c.items, map[name]*item{}}
	d := s.apply(c, next, key, ch)
	if !d.answer.failed() {
		c.commit(next)
	}
	if strings.EqualFold(q.Header.Get("Prefer"), "return=minimal") && !d.answer.failed() {
		d.answer.body = nil
	}
	return d.answer.seen(c.lsn)
}

// apply does a change to a draft.
func (s *Server) apply(c *container, items draft, key string, ch change) done {
	switch ch.op {
	case OpCreate, OpUpsert:
		return s.create(c, items, key, ch)
	case OpReplace:
		return s.replace(c, items, key, ch)
	}
	has := items.get(name{key, ch.id})
	switch {
	case has == nil:
		return done{answer: notFound()}
	case ch.op == OpRead:
		return has.done(http.StatusOK)
	case !has.matches(ch.ifMatch):
		return done{answer: preconditionFailed()}
	}
	items.new[has.name] = nil
	return done{answer: reply(http.StatusNoContent, nil)}
}

func (i *item) matches(etag string) bool { return etag == "" || etag == "*" || etag == i.etag }

func (i *item) done(status int) done {
	a := reply(status, i.body)
	a.header.Set("etag", i.etag)
	return done{answer: a, item: i}
}

func (s *Server) create(c *container, items draft, key string, ch change) done {
	body, refusal := c.content(key, ch.body)
	if refusal != nil {
		return done{answer: refusal}
	}
	id, refusal := checkID(body["id"])
	if refusal != nil {
		return done{answer: refusal}
	}
	has := items.get(name{key, id})
	switch {
	case has != nil && ch.op == OpCreate:
		return done{answer: conflict()}
	case has != nil && !has.matches(ch.ifMatch):
		return done{answer: preconditionFailed()}
	case has != nil:
		return s.put(c, items, has, body)
	}
	serial, _ := s.next()
	made := s.put(c, items, &item{name: name{key, id}, serial: serial}, body)
	made.answer.status = http.StatusCreated
	return made
}

func (s *Server) replace(c *container, items draft, key string, ch change) done {
	body, refusal := c.content(key, ch.body)
	if refusal != nil {
		return done{answer: refusal}
	}
	if body["id"] != ch.id {
		return done{answer: badRequest("the id of the item is not that of the address")}
	}
	has := items.get(name{key, ch.id})
	switch {
	case has == nil:
		return done{answer: notFound()}
	case !has.matches(ch.ifMatch):
		return done{answer: preconditionFailed()}
	}
	return s.put(c, items, has, body)
}

// put stores a version of an item.
func (s *Server) put(c *container, items draft, was *item, body map[string]any) done {
	s.system(body, fmt.Sprint(c.properties["_self"], "docs/"))
	if was.body != nil {
		body["_rid"], body["_self"] = was.body["_rid"], was.body["_self"]
	}
	body["_attachments"] = "attachments/"
	next := &item{name: was.name, serial: was.serial, etag: body["_etag"].(string), body: body}
	items.new[next.name] = next
	return next.done(http.StatusOK)
}

// content reads the JSON of an item and compares its partition key. Numbers
// are doubles here, as in the service.
func (c *container) content(key string, text []byte) (map[string]any, *answer) {
	if len(text) > maxItem {
		return nil, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size is too large")
	}
	var body map[string]any
	if json.Unmarshal(text, &body) != nil || body == nil {
		return nil, badRequest("the item is not a JSON object")
	}
	if has, ok := body[c.path].(string); !ok || has != key {
		a := badRequest("PartitionKey extracted from document doesn't match the one specified in the header")
		a.substatus = 1001
		return nil, a
	}
	return body, nil
}
