package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
)

// maxTorn is the most that crashes may have left half written, in bytes: a batch.
const maxTorn = 1 << 20

// A tail is the end of a file: its last good line, and what comes after.
type tail struct {
	head  chainHead
	torn  []byte // not empty: not whole lines
	whole bool   // torn is the last line, and only its line break is missing
}

// resume finds where the chain goes on, and seals what is torn.
func (l *Log) resume(d *disk) error {
	path := d.o.Path
	if d.fresh { // perhaps a process ended between setting a file aside and the first line of the next
		n := newest(path)
		if n == 0 {
			return nil
		}
		path += "." + strconv.Itoa(n)
	}
	t, err := l.readTail(path)
	if err != nil {
		return fmt.Errorf("cannot go on with %s: %w", path, err)
	}
	l.head = t.head
	switch {
	case len(t.torn) == 0 || d.fresh:
		return nil
	case t.whole:
		return d.write([]byte("\n"))
	}
	return l.seal(d, t.torn)
}

// seal writes the line that covers torn bytes. They stay: nothing is ever removed from what another process wrote.
func (l *Log) seal(d *disk, torn []byte) error {
	if l.head.chain == "" {
		l.head = chainHead{chain: random(8), hash: zeroHash}
	}
	sum := sha256.Sum256(torn)
	one := line{Kind: kindTorn, Time: stamp(l.o.Now()), Seq: l.head.seq + 1, Chain: l.head.chain, Instance: l.instance,
		Keyed: l.keys[0].id, TornBytes: len(torn), TornSHA256: hex.EncodeToString(sum[:]), Prev: l.head.hash}
	text, hash, err := encode(one, l.keys[0])
	if err != nil {
		return err
	}
	if err := d.write(append([]byte("\n"), text...)); err != nil {
		return err
	}
	l.head.seq, l.head.hash = one.Seq, hash
	l.o.Logger.Warn("the end of the audit log was half written; it is sealed and the chain goes on", slog.Int("bytes", len(torn)))
	return nil
}

// readTail reads the end of a file.
func (l *Log) readTail(path string) (tail, error) {
	text, cut, err := readEnd(path, maxTorn+2*MaxLine)
	if err != nil {
		return tail{}, err
	}
	rest := text
	for end := len(text); end > 0; {
		begin := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if begin == 0 && cut {
			break // not a whole line
		}
		one := bytes.TrimSuffix(text[begin:end], []byte("\n"))
		if body, hash, ok := split(one); ok {
			head, err := l.check(body, hash)
			if err != nil {
				return tail{}, err
			}
			if end == len(text) && len(one) == end-begin { // no line break
				return tail{head: head, torn: one, whole: true}, nil
			}
			return tail{head: head, torn: text[end:]}, nil
		}
		end = begin
	}
	if cut || len(rest) > maxTorn {
		return tail{}, fmt.Errorf("its last %d bytes are not of an audit log; rename it, and a new one is begun", len(rest))
	}
	return tail{torn: rest}, nil
}

// check verifies one line and reads its place in the chain.
func (l *Log) check(body []byte, hash string) (chainHead, error) {
	one, err := parse(body)
	if err != nil {
		return chainHead{}, err
	}
	for _, key := range l.keys {
		if key.matches(one.Prev, body, hash) {
			return chainHead{chain: one.Chain, seq: one.Seq, hash: hash}, nil
		}
	}
	return chainHead{}, errors.New("its last line was edited, or made with another key; keep it, rename it, and a new one is begun")
}

// readEnd reads at most so many bytes from the end, and says whether there are more before them.
func readEnd(path string, most int64) (text []byte, cut bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	from := max(0, info.Size()-most)
	text, err = io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	return text, from > 0, err
}
