package acs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"time"
)

// clockSkew is how far a request's date may be from the service's clock.
const clockSkew = 5 * time.Minute

const hashHeader = "x-ms-content-sha256"

// checkSignature verifies the HMAC of a request; the key that fits tells the
// resource. Clients may replay one signature in retries, so there is a window
// of time and no memory of signatures seen. A loose service looks at neither
// date nor hash.
func (s *Service) checkSignature(c *call, params string) (credential, *refusal) {
	r, loose := c.r, c.behaviour.Loose
	dateHeader, mac, ok := parseSignature(params)
	if !ok {
		return credential{}, denied("malformed signature parameters")
	}
	date, ok := single(r.Header, dateHeader)
	if !ok {
		return credential{}, denied("not exactly one date header")
	}
	if !loose && !s.inWindow(date) {
		return credential{}, denied("date malformed or more than 5 minutes off")
	}
	hash, ok := single(r.Header, hashHeader)
	if sum := sha256.Sum256(c.body); !loose && (!ok || hash != base64.StdEncoding.EncodeToString(sum[:])) {
		return credential{}, denied("content hash does not match the body")
	}
	messages := stringsToSign(r, date+";", ";"+hash)
	for i, r := range s.resources {
		if name, ok := r.keys.find(func(secret []byte) bool { return signedWith(secret, mac, messages) }); ok {
			return credential{resource: uint8(i), key: name}, nil
		}
	}
	return credential{}, denied("signature matches no key")
}

// parseSignature reads "SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=<base64>".
// Clients of 2021 name the Date header in place of x-ms-date.
func parseSignature(params string) (dateHeader string, mac []byte, ok bool) {
	list, value, _ := strings.Cut(params, "&")
	list, isList := strings.CutPrefix(list, "SignedHeaders=")
	value, isValue := strings.CutPrefix(value, "Signature=")
	dateHeader, rest, _ := strings.Cut(strings.ToLower(list), ";")
	if !isList || !isValue || rest != "host;"+hashHeader || (dateHeader != "x-ms-date" && dateHeader != "date") {
		return "", nil, false
	}
	mac, err := base64.StdEncoding.DecodeString(value)
	return dateHeader, mac, err == nil && len(mac) == sha256.Size
}

func single(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

func (s *Service) inWindow(date string) bool {
	t, err := time.Parse(http.TimeFormat, date)
	return err == nil && s.opts.Now().Sub(t).Abs() <= clockSkew
}

// stringsToSign returns what a client may have signed. The host is taken as
// received and without its port, which the Java client leaves out. The target
// is taken as received and without its first slash, which the Python client
// loses on a plain http endpoint.
func stringsToSign(r *http.Request, before, after string) []string {
	var out []string
	for _, target := range []string{r.RequestURI, strings.TrimPrefix(r.RequestURI, "/")} {
		for _, host := range []string{r.Host, withoutPort(r.Host)} {
			out = append(out, r.Method+"\n"+target+"\n"+before+host+after)
		}
	}
	return out
}

func withoutPort(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

func signedWith(secret, mac []byte, messages []string) bool {
	for _, m := range messages {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(m))
		if hmac.Equal(h.Sum(nil), mac) {
			return true
		}
	}
	return false
}
