package graph

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxQuery bounds the query string, in bytes; a batch may hold longer ones than a URL.
const maxQuery = 16 << 10

// query is the system query options of a request.
type query struct {
	raw      url.Values
	selected []string // $select, as spelled; nil: none
	expand   string
	top      int // 0: the default page
	token    string
	filter   string
	orderBy  string
	search   string
	count    bool
	eventual bool // header ConsistencyLevel: eventual
}

// systemOptions are the query options of OData that Graph knows.
var systemOptions = []string{"select", "expand", "top", "skiptoken", "filter", "orderby", "search", "count", "skip", "format"}

// readQuery reads the query string. An option may come without its $; what is no system option is the caller's own.
func (c *call) readQuery() *refusal {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil || len(c.r.URL.RawQuery) > maxQuery {
		return bad("BadRequest", "The query string is not valid.")
	}
	c.query = query{raw: values, eventual: strings.EqualFold(c.r.Header.Get("ConsistencyLevel"), "eventual")}
	var refused []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name, system := strings.CutPrefix(strings.ToLower(key), "$")
		if !system && !slices.Contains(systemOptions, name) {
			continue
		}
		if len(values[key]) > 1 {
			return bad("BadRequest", "Query option '$"+name+"' was specified more than once, but it must be specified at most once.")
		}
		if !slices.Contains(c.op.options, name) {
			refused = append(refused, "$"+name)
			continue
		}
		if ref := c.query.set(name, strings.TrimSpace(values.Get(key))); ref != nil {
			return ref
		}
	}
	if len(refused) > 0 {
		return bad("Request_BadRequest", "The following query options are not supported by this request method or cannot be applied to the requested resource: "+strings.Join(refused, ",")+".")
	}
	return nil
}

// set reads one option.
func (q *query) set(name, value string) *refusal {
	switch name {
	case "select":
		q.selected = splitList(value)
	case "expand":
		q.expand = value
	case "skiptoken":
		q.token = value
	case "filter":
		q.filter = value
	case "orderby":
		q.orderBy = value
	case "search":
		q.search = value
	case "top":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxPage {
			return bad("Request_UnsupportedQuery", "Invalid page size specified: '"+value+"'. Must be between 1 and 999 inclusive.")
		}
		q.top = n
	case "count":
		n, err := strconv.ParseBool(value)
		if err != nil {
			return bad("BadRequest", "Invalid value '"+value+"' for $count query option found. The $count query option requires either 'true' or 'false'.")
		}
		q.count = n
	}
	return nil
}

// expanded is the relation that $expand names.
func (q query) expanded() string {
	name, _, _ := strings.Cut(q.expand, "(")
	if strings.EqualFold(name, "extensions") {
		return "extensions"
	}
	return name
}

// advanced reports whether the request may use what needs the eventual index.
func (q query) advanced() bool { return q.eventual && q.count }

// counted reports whether a collection carries its count; without the header Graph leaves it out.
func (q query) counted() bool { return q.eventual && q.count }

// next is the query string of the page that begins after token.
func (q query) next(token string) string {
	values := make(url.Values)
	for name, list := range q.raw {
		if !strings.EqualFold(strings.TrimPrefix(name, "$"), "skiptoken") {
			values[name] = list
		}
	}
	values.Set("$skiptoken", token)
	return values.Encode()
}

// splitList splits at commas; an empty list is nil.
func splitList(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
