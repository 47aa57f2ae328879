package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// VerifyOptions say what a log is held against.
type VerifyOptions struct {
	// Keys of the log. None: it was written without.
	Keys [][]byte
	// Head is the hash that the last line must have, from elsewhere. Only with it a
	// log whose end was cut off is found. "": not known.
	Head string
	// After is the hash of the line before the first one, where the log begins in the
	// middle of a chain. "": it must begin at the beginning.
	After string
	// Partial accepts any beginning.
	Partial bool
	// Restarts accepts further chains after the first: what several processes wrote to their standard output.
	Restarts bool
}

// An Input is one file of a log.
type Input struct {
	Name string
	io.Reader
}

// A Finding is the first thing that is wrong.
type Finding struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1
	Offset int64  `json:"offset"` // of the line in the file, in bytes
	What   string `json:"what"`
}

// A Summary is the result of Verify.
type Summary struct {
	Files     int      `json:"files"`
	Lines     int      `json:"lines"`
	Decisions int      `json:"decisions"`
	Starts    int      `json:"starts"`
	Unclean   int      `json:"unclean_ends"` // starts that do not follow a stop
	Torn      int      `json:"torn"`         // places that a crash left half written, and a later process sealed
	TornTail  bool     `json:"torn_tail"`    // the end is half written, and not sealed yet
	Chains    int      `json:"chains"`
	FirstSeq  uint64   `json:"first_seq"`
	LastSeq   uint64   `json:"last_seq"`
	Head      string   `json:"head"`
	Keyed     bool     `json:"keyed"`
	Bad       *Finding `json:"bad,omitempty"`
}

// A verifier is in the middle of a log.
type verifier struct {
	o       VerifyOptions
	keys    []keySet
	key     int // index of the key in use, -1 before the first line
	head    chainHead
	last    string // kind of the last line
	sum     Summary
	pending []byte // bytes that are no lines, until a marker covers them
	at      Finding
	where   Finding // of pending
}

// Verify reads files in order, oldest first, and checks every line. An error
// means that it could not be read; what is wrong with the log is in the summary.
func Verify(inputs []Input, o VerifyOptions) (Summary, error) {
	keys, err := deriveAll(o.Keys)
	if err != nil {
		return Summary{}, err
	}
	v := &verifier{o: o, keys: keys, key: -1}
	v.sum.Keyed = len(o.Keys) > 0
	for _, in := range inputs {
		v.sum.Files++
		if err := v.file(in); err != nil {
			return v.sum, fmt.Errorf("%s: %w", in.Name, err)
		}
		if v.sum.Bad != nil {
			return v.sum, nil
		}
	}
	v.sum.LastSeq, v.sum.Head = v.head.seq, v.head.hash
	switch {
	case v.sum.Lines == 0:
		v.bad("there is no line in it")
	case o.Head != "" && o.Head != v.head.hash:
		v.bad("this is the last line, and it is not the one with the hash of --head: the end was cut off, or more was written since")
	}
	return v.sum, nil
}

func (v *verifier) bad(what string) {
	if v.sum.Bad == nil {
		f := v.at
		f.What = what
		v.sum.Bad = &f
	}
}

// file checks one file.
func (v *verifier) file(in Input) error {
	r := bufio.NewReaderSize(in, MaxLine)
	v.at = Finding{File: in.Name}
	for next := int64(0); v.sum.Bad == nil; {
		text, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if len(text) > 0 {
			v.at.Line, v.at.Offset = v.at.Line+1, next
			next += int64(len(text))
			v.text(text)
		}
		if errors.Is(err, io.EOF) {
			v.ending()
			return nil
		}
	}
	return nil
}

// text checks what stands between two line breaks.
func (v *verifier) text(text []byte) {
	v.sum.TornTail = false
	body, hash, ok := split(bytes.TrimSuffix(text, []byte("\n")))
	if ok {
		v.line(body, hash)
		return
	}
	if len(v.pending) == 0 {
		v.where = v.at
	}
	if v.pending = append(v.pending, text...); len(v.pending) > maxTorn+MaxLine {
		v.at = v.where
		v.bad("what begins here is no audit log")
	}
}

// ending judges what is left at the end of a file: the beginning of one line is
// what a crash leaves, everything else is not.
func (v *verifier) ending() {
	if len(v.pending) == 0 {
		return
	}
	v.at = v.where
	if !isBeginning(v.pending) {
		v.bad("this is not a line of the log, and not the beginning of one: it was edited or inserted")
	}
	v.sum.TornTail, v.pending = true, nil
}

// isBeginning reports whether a crash can have left this of a line.
func isBeginning(text []byte) bool {
	const begin = `{"v":1,"kind":"`
	if len(bytes.Trim(text, "\x00")) == 0 {
		return true // a file system may do this when the machine stops
	}
	n := min(len(text), len(begin))
	if string(text[:n]) != begin[:n] || bytes.IndexByte(text, '\n') >= 0 {
		return false
	}
	at := bytes.Index(text, []byte(beforeHash))
	return at < 0 || len(text) < at+tailLen
}

// line checks one whole line against its own hash and against the line before it.
func (v *verifier) line(body []byte, hash string) {
	one, err := parse(body)
	if err != nil || !isHash(one.Prev) {
		v.bad("this line was edited: it is not what the log writes")
		return
	}
	if what := v.signature(one, body, hash); what != "" {
		v.bad(what)
		return
	}
	if what := v.place(one); what != "" {
		v.bad(what)
		return
	}
	if !v.sealed(one) {
		return
	}
	v.count(one)
	v.head, v.last = chainHead{one.Chain, one.Seq, hash}, one.Kind
}

// signature finds the key of a line. It may change only where a process begins.
func (v *verifier) signature(one line, body []byte, hash string) string {
	if v.key >= 0 && v.keys[v.key].matches(one.Prev, body, hash) {
		return ""
	}
	if v.key < 0 || one.Kind == kindStart || one.Kind == kindTorn {
		for i, k := range v.keys {
			if k.matches(one.Prev, body, hash) {
				v.key = i
				return ""
			}
		}
	}
	switch plain := (keySet{}); {
	case v.sum.Keyed && plain.matches(one.Prev, body, hash):
		return "this line was made without a key: anybody can have written it"
	case !v.sum.Keyed && one.Keyed != "":
		return "this line was made with the key " + clip(one.Keyed) + ": give the key with --key-file"
	case v.key < 0 && one.Keyed != "" && !v.has(one.Keyed):
		return "this line was made with the key " + clip(one.Keyed) + ", which is not in the key file"
	}
	return "this line was edited: its bytes are not those that its hash was made of"
}

func (v *verifier) has(id string) bool {
	for _, k := range v.keys {
		if k.id == id {
			return true
		}
	}
	return false
}

// place checks that a line follows the one before it.
func (v *verifier) place(one line) string {
	begins := one.Seq == 1 && one.Prev == zeroHash && (one.Kind == kindStart || one.Kind == kindTorn)
	if v.sum.Lines == 0 {
		switch {
		case v.o.After != "" && one.Prev == v.o.After, v.o.After == "" && (begins || v.o.Partial):
			return ""
		case v.o.After != "":
			return "the first line does not follow the one with the hash of --after"
		}
		return fmt.Sprintf("the log begins with line %d of its chain: the beginning is missing; give the older files, too, or --after or --partial", one.Seq)
	}
	switch want := v.head.seq + 1; {
	case begins && v.o.Restarts:
		return ""
	case begins:
		return "a new chain begins here: lines before it may be missing; for what several processes wrote to the standard output use --restarts"
	case one.Chain != v.head.chain:
		return "this line is of another chain"
	case one.Seq > want:
		return fmt.Sprintf("lines %d to %d of the chain are missing before this one", want, one.Seq-1)
	case one.Seq < want:
		return fmt.Sprintf("this is line %d of the chain, and %d should follow: it was moved or doubled", one.Seq, want)
	case one.Prev != v.head.hash:
		return "this line does not follow the one before it: one of them was replaced"
	}
	return ""
}

// sealed checks that bytes which are no lines are covered by a marker.
func (v *verifier) sealed(one line) bool {
	if len(v.pending) == 0 && one.Kind != kindTorn {
		return true
	}
	torn := bytes.TrimSuffix(v.pending, []byte("\n"))
	sum := sha256.Sum256(torn)
	if one.Kind != kindTorn || len(torn) == 0 || one.TornBytes != len(torn) || one.TornSHA256 != hex.EncodeToString(sum[:]) {
		if len(v.pending) > 0 {
			v.at = v.where
		}
		v.bad("this was edited or inserted: it is no line of the log, and no marker of a crash covers it")
		return false
	}
	v.pending = nil
	return true
}

func (v *verifier) count(one line) {
	if v.sum.Lines++; v.sum.Lines == 1 {
		v.sum.FirstSeq = one.Seq
	}
	if v.sum.Lines == 1 || one.Seq == 1 {
		v.sum.Chains++
	}
	switch one.Kind {
	case kindDecision:
		v.sum.Decisions++
	case kindTorn:
		v.sum.Torn++
	case kindStart:
		v.sum.Starts++
		if v.last != kindStop && one.Seq > 1 && v.last != "" {
			v.sum.Unclean++
		}
	}
}
