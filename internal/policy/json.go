package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// A Fault is one thing wrong in a policy file. Its text is one line.
type Fault struct {
	Path    string // such as rules[3].allow.scopes[0], or line 7, or file
	Problem string // what is wrong, and what to write
}

// Error names the place and the problem.
func (f *Fault) Error() string { return f.Path + ": " + f.Problem }

// A node is a JSON value with its place.
type node struct {
	path    string
	value   any // string, json.Number, bool, nil, []node or object
	present bool
}

// An object is the members of a JSON object, in their order.
type object struct {
	names  []string
	member map[string]node
}

const (
	maxNesting = 8
	maxNodes   = 100_000 // each has its place as text
)

// readJSON reads one JSON document. A name that occurs twice is a fault;
// encoding/json would let it pass and other readers might take the other one.
func readJSON(data []byte) (node, []*Fault) {
	if !utf8.Valid(data) {
		return node{}, []*Fault{{"file", "is not UTF-8"}}
	}
	r := &jsonReader{d: json.NewDecoder(bytes.NewReader(data))}
	r.d.UseNumber()
	root, err := r.value("", 0)
	if err == nil {
		if _, err = r.d.Token(); err == nil {
			err = errors.New("something follows the JSON object")
		} else if errors.Is(err, io.EOF) {
			return root, r.faults
		}
	}
	text := err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		text = "it ends too early"
	}
	at := int(r.d.InputOffset())
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(e.Offset)
	}
	line := 1 + bytes.Count(data[:min(at, len(data))], []byte("\n"))
	return node{}, append(r.faults, &Fault{fmt.Sprint("line ", line), "cannot be read as JSON: " + clean(text)})
}

type jsonReader struct {
	d      *json.Decoder
	nodes  int
	faults []*Fault
}

func (r *jsonReader) value(path string, depth int) (node, error) {
	if depth > maxNesting {
		return node{}, errors.New("it is nested too deep")
	}
	if r.nodes++; r.nodes > maxNodes {
		return node{}, errors.New("it has too many values")
	}
	t, err := r.d.Token()
	if err != nil {
		return node{}, err
	}
	switch t {
	case json.Delim('['):
		return r.array(path, depth)
	case json.Delim('{'):
		return r.object(path, depth)
	}
	return node{path, t, true}, nil
}

func (r *jsonReader) array(path string, depth int) (node, error) {
	items := []node{}
	for r.d.More() {
		n, err := r.value(path+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return node{}, err
		}
		items = append(items, n)
	}
	_, err := r.d.Token()
	return node{path, items, true}, err
}

func (r *jsonReader) object(path string, depth int) (node, error) {
	o := object{member: map[string]node{}}
	for r.d.More() {
		t, err := r.d.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := t.(string) // the decoder lets nothing else pass here
		at := join(path, name)
		n, err := r.value(at, depth+1)
		if err != nil {
			return node{}, err
		}
		if _, twice := o.member[name]; twice {
			r.faults = append(r.faults, &Fault{at, "is there twice; write it once"})
			continue
		}
		o.names, o.member[name] = append(o.names, name), n
	}
	_, err := r.d.Token()
	return node{path, o, true}, err
}

func join(path, name string) string {
	name = clean(name)
	if path == "" {
		return name
	}
	return path + "." + name
}

// clean makes a text of a file fit for a line of a log or a terminal: no
// control characters, and not too long.
func clean(s string) string {
	q := strconv.QuoteToGraphic(s)
	q = q[1 : len(q)-1]
	if n := 80; len(q) > n {
		for !utf8.RuneStart(q[n]) {
			n--
		}
		return q[:n] + "..."
	}
	return q
}
