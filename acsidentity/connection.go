package acsidentity

import (
	"errors"
	"fmt"
	"strings"
)

const maxConnectionStringLen = 4 << 10

// ParseConnectionString splits endpoint=https://...;accesskey=<base64>. The two
// parts may come in any order and case, with spaces around and one semicolon
// after them. An error says which part is wrong and never repeats any of it.
func ParseConnectionString(s string) (endpoint string, key *KeyCredential, err error) {
	parts, err := splitConnectionString(s)
	if err != nil {
		return "", nil, err
	}
	for _, name := range [...]string{"endpoint", "accesskey"} {
		if parts[name] == "" {
			return "", nil, fmt.Errorf("acsidentity: the connection string has no %s", name)
		}
	}
	if endpoint, err = parseEndpoint(parts["endpoint"]); err != nil {
		return "", nil, fmt.Errorf("connection string: %w", err)
	}
	if key, err = NewKeyCredential(parts["accesskey"]); err != nil {
		return "", nil, fmt.Errorf("connection string: %w", err)
	}
	return endpoint, key, nil
}

// splitConnectionString returns the parts by their names in lower case.
func splitConnectionString(s string) (map[string]string, error) {
	if len(s) > maxConnectionStringLen {
		return nil, errors.New("acsidentity: the connection string is too long")
	}
	s = strings.TrimSuffix(strings.TrimSpace(s), ";")
	parts := map[string]string{}
	for i, part := range strings.Split(s, ";") {
		name, value, found := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		_, again := parts[name]
		switch {
		case !found:
			return nil, fmt.Errorf("acsidentity: part %d of the connection string is not name=value", i+1)
		case name != "endpoint" && name != "accesskey":
			return nil, fmt.Errorf("acsidentity: part %d of the connection string is neither endpoint nor accesskey", i+1)
		case again:
			return nil, fmt.Errorf("acsidentity: the connection string has %s twice", name)
		}
		parts[name] = strings.TrimSpace(value)
	}
	return parts, nil
}
