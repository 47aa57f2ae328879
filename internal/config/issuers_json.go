package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A PlaceFault is one thing wrong in a JSON file.
type PlaceFault struct {
	Place   string // such as issuers[1].clients[0], or line 3
	Problem string
	Write   string // what to write instead; may be empty
}

// A node is a JSON value with its place.
type node struct {
	place string
	value any // string, json.Number, bool, nil, []node or []member
}

type member struct {
	name string
	node
}

const maxNesting = 8

// parseJSON reads one JSON document. Names that occur twice are faults, which encoding/json would let pass.
func parseJSON(data []byte) (node, []PlaceFault) {
	if !utf8.Valid(data) {
		return node{}, []PlaceFault{{Place: "file", Problem: "is not UTF-8"}}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	r := &jsonReader{d: d}
	root, err := r.value("", 0)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("something follows the JSON object")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		line := 1 + bytes.Count(data[:min(int(d.InputOffset()), len(data))], []byte("\n"))
		text := strings.TrimPrefix(err.Error(), "json: ")
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			text = "it ends too early"
		}
		return node{}, append(r.faults, PlaceFault{Place: fmt.Sprint("line ", line), Problem: "is not JSON: " + text})
	}
	return root, r.faults
}

type jsonReader struct {
	d      *json.Decoder
	faults []PlaceFault
}

func (r *jsonReader) value(place string, depth int) (node, error) {
	if depth > maxNesting {
		return node{}, errors.New("it is nested too deep")
	}
	t, err := r.d.Token()
	if err != nil {
		return node{}, err
	}
	switch t {
	case json.Delim('['):
		return r.array(place, depth)
	case json.Delim('{'):
		return r.object(place, depth)
	}
	return node{place: place, value: t}, nil
}

func (r *jsonReader) array(place string, depth int) (node, error) {
	items := []node{}
	for r.d.More() {
		n, err := r.value(place+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return node{}, err
		}
		items = append(items, n)
	}
	_, err := r.d.Token()
	return node{place: place, value: items}, err
}

func (r *jsonReader) object(place string, depth int) (node, error) {
	members := []member{}
	for r.d.More() {
		t, err := r.d.Token()
		if err != nil {
			return node{}, err
		}
		name := t.(string) // the decoder lets nothing else pass here
		at := name[:min(len(name), maxName)]
		if place != "" {
			at = place + "." + at
		}
		n, err := r.value(at, depth+1)
		if err != nil {
			return node{}, err
		}
		if slices.ContainsFunc(members, func(m member) bool { return strings.EqualFold(m.name, name) }) {
			r.faults = append(r.faults, PlaceFault{Place: shorten(at), Problem: "is there twice"})
			continue
		}
		members = append(members, member{name, n})
	}
	_, err := r.d.Token()
	return node{place: place, value: members}, err
}

// maxName is how much of a member's name is kept in a place. Each value below keeps its own.
const maxName = 100

// shorten cuts a place that a file made long, and keeps control characters out of it.
func shorten(place string) string {
	q := quote(place)
	return q[1 : len(q)-1]
}
