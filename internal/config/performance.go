package config

import (
	"strconv"
	"time"
)

// maxQueue keeps the wait for the quota within the time that one call of ACS may take.
const maxQueue = 8 * time.Second

// How long mappings are used when nobody says otherwise. The file of sqlite belongs to one process, which drops
// what it changes, so there the time bounds nothing. The replicas at a postgres tell each other.
const (
	localMappings = 5 * time.Minute
	toldMappings  = 10 * time.Second
)

func (k *check) performance() {
	c := k.c
	k.count("ACSAUTH_VERIFIED_CACHE", c.VerifiedCache, 0, 10_000_000)
	k.count("ACSAUTH_TOKEN_CACHE", c.TokenCache, 0, 65_536)
	k.count("ACSAUTH_REPLICAS", c.Replicas, 1, 100)
	k.between("ACSAUTH_ACS_QUEUE", c.ACSQueue, 0, maxQueue)
	if _, ok := c.mappingsFor(); !ok {
		k.bad("ACSAUTH_MAPPING_CACHE", "is "+quote(c.MappingCache))
	}
	if _, ok := c.quotaPercent(); !ok {
		k.bad("ACSAUTH_ACS_QUOTA", "is "+quote(c.ACSQuota))
	}
}

// MappingsFor is how long a mapping may be used without asking the store again. Zero: not at all.
func (c *Config) MappingsFor() time.Duration {
	d, _ := c.mappingsFor()
	return d
}

func (c *Config) mappingsFor() (d time.Duration, ok bool) {
	switch c.MappingCache {
	case Off:
		return 0, true
	case Auto:
		switch c.StoreKind() {
		case SQLite:
			return localMappings, true
		case Postgres:
			return toldMappings, true
		}
		return 0, true
	}
	d, err := time.ParseDuration(c.MappingCache)
	return d, err == nil && d >= time.Second && d <= 5*time.Minute
}

// StoreKind is the kind of the store, a constant of this package, or "" if the name is not understood.
func (c *Config) StoreKind() string {
	name, _ := ParseStore(c.Store)
	return name.Kind
}

// TokenBytes is the room for ACS tokens that are handed out again. Zero with the
// graph store, which cannot tell other replicas of a revocation.
func (c *Config) TokenBytes() int64 {
	if c.StoreKind() == Graph {
		return 0
	}
	return int64(c.TokenCache) << 20
}

// QuotaPercent is the share of the limits of ACS that all replicas use together. Zero: nothing is counted.
func (c *Config) QuotaPercent() int {
	n, _ := c.quotaPercent()
	return n
}

func (c *Config) quotaPercent() (n int, ok bool) {
	if c.ACSQuota == Off {
		return 0, true
	}
	n, err := strconv.Atoi(c.ACSQuota)
	return n, err == nil && n >= 1 && n <= 1000
}
