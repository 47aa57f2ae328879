package cosmos

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A token tells where a query goes on.
type token struct {
	Query []byte // hash of the query and its parameters
	After uint64 // serial of the last item
	Empty bool   // an empty page was sent
}

// query answers one page.
func (s *Server) query(q request, c *container) *answer {
	if q.Header.Get("Content-Type") != "application/query+json" {
		return badRequest("a query needs the Content-Type application/query+json")
	}
	sel, refusal := parseQuery(q.body)
	if refusal != nil {
		return refusal
	}
	if refusal := c.covers(sel); refusal != nil {
		return refusal
	}
	var in *string
	if q.Header.Get("x-ms-documentdb-partitionkey") != "" {
		key, refusal := partitionKey(q.Request)
		if refusal != nil {
			return refusal
		}
		in = &key
	} else if !strings.EqualFold(q.Header.Get("x-ms-documentdb-query-enablecrosspartition"), "true") {
		return badRequest("Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.")
	}
	at, size, refusal := s.page(q)
	if refusal != nil {
		return refusal
	}
	v, refusal := s.view(q, c)
	if refusal != nil {
		return refusal
	}
	if s.options.EmptyPages && !at.Empty {
		at.Empty = true
		return feed(c, nil).goOn(at).seen(v.lsn)
	}
	var found []*item
	for _, i := range v.items {
		if (in == nil || i.key == *in) && i.serial > at.After && sel.matches(i.body) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *item) int { return cmp.Compare(a.serial, b.serial) })
	more := len(found) > size
	found = found[:min(len(found), size)]
	documents := []map[string]any{}
	for _, i := range found {
		documents = append(documents, sel.project(i.body))
	}
	a := feed(c, documents)
	if more {
		a.goOn(token{Query: at.Query, After: found[len(found)-1].serial})
	}
	return a.seen(v.lsn)
}

func feed(c *container, documents []map[string]any) *answer {
	if documents == nil {
		documents = []map[string]any{}
	}
	return reply(http.StatusOK, map[string]any{"_rid": c.properties["_rid"], "Documents": documents, "_count": len(documents)})
}

// goOn adds a continuation token.
func (a *answer) goOn(t token) *answer {
	text, _ := json.Marshal(t) // never fails
	a.header.Set("x-ms-continuation", base64.StdEncoding.EncodeToString(text))
	return a
}

// page reads where the page begins and how long it may be.
func (s *Server) page(q request) (at token, size int, refusal *answer) {
	sum := sha256.Sum256(append([]byte(q.Header.Get("x-ms-documentdb-partitionkey")), q.body...))
	at.Query, size = sum[:], 100
	if text := q.Header.Get("x-ms-max-item-count"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 || n < -1 {
			return at, 0, badRequest("the x-ms-max-item-count header is not -1 or a positive number")
		}
		if size = n; n < 0 {
			size = s.options.MaxPage
		}
	}
	size = min(size, s.options.MaxPage)
	if text := q.Header.Get("x-ms-continuation"); text != "" {
		var t token
		plain, err := base64.StdEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(plain, &t) != nil || !slices.Equal(t.Query, at.Query) {
			return at, 0, badRequest("the continuation token is not one of this query")
		}
		at = t
	}
	return at, size, nil
}

// covers refuses a filter on what is not indexed.
func (c *container) covers(sel *selection) *answer {
	for _, p := range sel.filtered() {
		if c.indexed != nil && p != "id" && !slices.Contains(c.indexed, p) {
			return badRequest("the property " + strconv.Quote(p) + " is not indexed: the stand-in does not scan")
		}
	}
	return nil
}
