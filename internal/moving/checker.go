package moving

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
)

// A checker reads a file of mappings line by line.
type checker struct {
	sum   hash.Hash // over the lines so far
	n     int64     // number of the line
	start int64     // offset of the first record
	lines int64     // offset of the first journal line, 0: none yet
	end   int64     // offset of the footer
	ended bool
	foot  footer
	count footer // what was seen
}

// line checks one line, which stands at the given offset.
func (c *checker) line(text []byte, at int64) error {
	c.n++
	var err error
	switch {
	case c.ended:
		return errors.New("there is more behind the last line")
	case c.n == 1:
		c.start = at + int64(len(text)) + 1
		err = checkHeader(text)
	case bytes.HasPrefix(text, []byte(`{"end":`)):
		c.end, c.ended = at, true
		return c.footer(text)
	case bytes.HasPrefix(text, []byte(`{"line":`)):
		err = c.journal(text, at)
	default:
		err = c.mapping(text)
	}
	c.sum.Write(text) // a hash never fails to write
	c.sum.Write([]byte("\n"))
	return err
}

func checkHeader(text []byte) error {
	var h header
	switch err := json.Unmarshal(text, &h); { // a later version may have more members
	case err != nil || h.Format != fileFormat:
		return errors.New("this is not a file of acsauth mappings export")
	case h.Version != fileVersion:
		return fmt.Errorf("the file has version %d and this program knows version %d; use the acsauth that wrote it, or a newer one", h.Version, fileVersion)
	}
	return nil
}

func (c *checker) mapping(text []byte) error {
	if c.lines != 0 {
		return errors.New("a mapping stands behind the journal")
	}
	c.count.Mappings++
	var r mappingRecord
	if err := decode(text, &r); err != nil {
		return err
	}
	return r.check()
}

func (c *checker) journal(text []byte, at int64) error {
	if c.lines == 0 {
		c.lines = at
	}
	c.count.Lines++
	var r lineRecord
	if err := decode(text, &r); err != nil {
		return err
	}
	return r.check()
}

// footer compares what was seen with what the file says it holds.
func (c *checker) footer(text []byte) error {
	if err := decode(text, &c.foot); err != nil {
		return err
	}
	written, err := encode(c.foot)
	switch {
	case err != nil || !bytes.Equal(bytes.TrimSuffix(written, []byte("\n")), text): // no sum is over this line
		return errDamaged
	case c.foot.Mappings != c.count.Mappings || c.foot.Lines != c.count.Lines:
		return fmt.Errorf("the file should hold %d mappings and %d journal lines, and holds %d and %d",
			c.foot.Mappings, c.foot.Lines, c.count.Mappings, c.count.Lines)
	case !same(c.sum.Sum(nil), c.foot.SHA256):
		return errDamaged
	}
	return nil
}
