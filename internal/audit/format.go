package audit

import (
	"bytes"
	"encoding/json"
	"strings"
)

// MaxLine is the longest line, in bytes with its line break.
const MaxLine = 32 << 10

const (
	version    = 1
	hashDigits = 64
	beforeHash = `,"hash":"`
	afterHash  = `"}`
	tailLen    = len(beforeHash) + hashDigits + len(afterHash)
)

var zeroHash = strings.Repeat("0", hashDigits) // prev of the first line of a chain

// encode writes a line, line break included, and returns its hash.
func encode(l line, key keySet) (text []byte, hash string, err error) {
	l.Version = version
	body, err := json.Marshal(l)
	if err != nil {
		return nil, "", err
	}
	body = body[:len(body)-1] // the brace comes after the hash
	hash = key.sum(l.Prev, body)
	text = append(body, beforeHash...)
	text = append(text, hash...)
	return append(text, afterHash+"\n"...), hash, nil
}

// split takes a line without its line break apart. It is false for what no
// writer wrote whole.
func split(text []byte) (body []byte, hash string, ok bool) {
	at := len(text) - tailLen
	if at < 1 || len(text) >= MaxLine || text[0] != '{' {
		return nil, "", false
	}
	end := string(text[at:])
	if !strings.HasPrefix(end, beforeHash) || !strings.HasSuffix(end, afterHash) {
		return nil, "", false
	}
	hash = end[len(beforeHash) : len(beforeHash)+hashDigits]
	return text[:at], hash, isHash(hash)
}

func isHash(s string) bool {
	return len(s) == hashDigits && strings.Trim(s, "0123456789abcdef") == ""
}

// parse reads the body of a line. Numbers and texts are what they were when it was hashed.
func parse(body []byte) (l line, err error) {
	err = json.Unmarshal(append(bytes.Clone(body), '}'), &l)
	return l, err
}
