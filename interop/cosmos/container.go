package cosmos

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// A name identifies an item: ids are unique in a logical partition.
type name struct{ key, id string }

// An item is never changed: a write puts another one in its place.
type item struct {
	name
	serial uint64 // of the first version: the order of queries
	etag   string
	body   map[string]any
}

// A container holds items, and a replica of them that may lag.
type container struct {
	properties map[string]any
	path       string   // of the partition key, without the slash
	indexed    []string // top-level properties; nil: all

	items      map[name]*item
	lsn        uint64         // counts the writes
	replica    map[name]*item // while it lags
	replicaLSN uint64
}

func newContainer(definition []byte) (*container, *answer) {
	type path struct{ Path string }
	var d struct {
		PartitionKey   struct{ Paths []string }
		IndexingPolicy *struct {
			IndexingMode                 string
			IncludedPaths, ExcludedPaths []path
		}
	}
	if json.Unmarshal(definition, &d) != nil {
		return nil, badRequest("the definition of the container cannot be read")
	}
	if len(d.PartitionKey.Paths) != 1 || !topLevel.MatchString(d.PartitionKey.Paths[0]) {
		return nil, badRequest("the stand-in needs a partition key with one path of one property")
	}
	c := &container{path: d.PartitionKey.Paths[0][1:], items: map[name]*item{}}
	p := d.IndexingPolicy
	if p == nil || len(p.IncludedPaths) == 0 {
		return c, nil
	}
	root := false
	c.indexed = []string{}
	for _, included := range p.IncludedPaths {
		root = root || included.Path == "/*"
		property, ok := strings.CutSuffix(included.Path, "/?")
		if ok && topLevel.MatchString(property) {
			c.indexed = append(c.indexed, property[1:])
		} else if included.Path != "/*" {
			return nil, badRequest("the stand-in does not know the path " + strconv.Quote(included.Path) + " of an indexing policy")
		}
	}
	for _, excluded := range p.ExcludedPaths {
		root = root || excluded.Path == "/*"
	}
	if !root {
		return nil, badRequest("The special mandatory indexing path \"/\" is not provided in any of the path type sets.")
	}
	return c, nil
}

var topLevel = regexp.MustCompile(`^/[A-Za-z_][A-Za-z0-9_]*$`)

// hold makes the replica show the items of this moment for good.
func (c *container) hold() { c.replica, c.replicaLSN = maps.Clone(c.items), c.lsn }

// A draft is what items will be, when it is committed.
type draft struct {
	items map[name]*item
	new   map[name]*item // nil: deleted
}

func (d draft) get(n name) *item {
	if i, ok := d.new[n]; ok {
		return i
	}
	return d.items[n]
}

// commit makes a draft the present.
func (c *container) commit(d draft) {
	for n, i := range d.new {
		if i == nil {
			delete(c.items, n)
		} else {
			c.items[n] = i
		}
	}
	c.lsn++
}

// A view is the items that a read sees.
type view struct {
	items map[name]*item
	lsn   uint64
}

// view chooses what serves a read.
func (s *Server) view(q request, c *container) (view, *answer) {
	level := s.options.Consistency
	if wanted := q.Header.Get("x-ms-consistency-level"); wanted != "" {
		if rank(wanted) < rank(level) {
			return view{}, badRequest("the consistency level of a request cannot be stronger than that of the account")
		}
		level = wanted
	}
	present := view{c.items, c.lsn}
	if !s.stale || level == Strong || level == BoundedStaleness && !q.second {
		return present, nil
	}
	least, refusal := sessionLSN(q.Request)
	if refusal != nil {
		return view{}, refusal
	}
	if level == Session && least > c.replicaLSN {
		return present, nil // another replica of the region has it
	}
	return view{c.replica, c.replicaLSN}, nil
}

var sessionToken = regexp.MustCompile(`^0:-1#([0-9]+)$`)

// sessionLSN is the write that the session token of a request stands for; 0: there is none.
func sessionLSN(r *http.Request) (uint64, *answer) {
	text := r.Header.Get("x-ms-session-token")
	if text == "" {
		return 0, nil
	}
	m := sessionToken.FindStringSubmatch(text)
	if m == nil {
		return 0, badRequest("the session token is not one of this account")
	}
	lsn, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return 0, badRequest("the session token is not one of this account")
	}
	return lsn, nil
}

// seen adds the session token to an answer.
func (a *answer) seen(lsn uint64) *answer {
	a.header.Set("x-ms-session-token", "0:-1#"+strconv.FormatUint(lsn, 10))
	return a
}
