package config

import (
	"encoding/base64"
	"errors"
	"strings"
)

const maxConnectionString = 4 << 10

// splitConnectionString takes endpoint and access key from a connection string. Its error never holds a part of it.
func splitConnectionString(s string) (endpoint, key string, err error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(s), ";"), ";") {
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, again := parts[name]; again {
			return "", "", errors.New("has a part twice")
		}
		parts[name] = strings.TrimSpace(value)
	}
	endpoint, key = strings.TrimSuffix(parts["endpoint"], "/"), parts["accesskey"]
	switch {
	case len(s) > maxConnectionString, endpoint == "" && key == "":
		return "", "", errors.New("is not a connection string")
	case endpoint == "":
		return "", "", errors.New("has no endpoint")
	case key == "":
		return "", "", errors.New("has no accesskey")
	case len(parts) > 2:
		return "", "", errors.New("has a part that is neither endpoint nor accesskey")
	case !isBase64(key):
		return "", "", errors.New("has an accesskey that is not base64")
	}
	return endpoint, key, nil
}

func isBase64(s string) bool {
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(b) > 0
}

// ACSKeys returns the access keys of the ACS resource in base64, the first one first: one or two, or none if a token of Entra ID is used.
func (c *Config) ACSKeys() []Secret {
	var keys []Secret
	for _, s := range [...]Secret{c.ACSConnectionString, c.ACSConnectionString2} {
		if _, key, err := splitConnectionString(s.Reveal()); err == nil { // Validate reports the fault
			keys = append(keys, NewSecret(key))
		}
	}
	return keys
}
