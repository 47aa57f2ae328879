package service

import (
	"fmt"
	"math"

	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// defaultRows is how many mappings are kept if no verified tokens are.
const defaultRows = 100_000

// newMappings makes the cache of mappings, or nil if there is to be none.
func newMappings(c *config.Config) (*mapcache.Cache, error) {
	keep := c.MappingsFor()
	if keep == 0 {
		return nil, nil
	}
	rows := c.VerifiedCache
	if rows == 0 {
		rows = defaultRows
	}
	m, err := mapcache.New(mapcache.Options{Max: rows, For: keep})
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_MAPPING_CACHE: %w", err)
	}
	return m, nil
}

// newGovernor keeps the calls of ACS below its limits. Nil: nothing is counted.
func newGovernor(c *config.Config) (*quota.Governor, error) {
	percent := c.QuotaPercent()
	if percent == 0 {
		return nil, nil
	}
	g, err := quota.New(quota.Options{Percent: percent, Replicas: c.Replicas, MaxWait: c.ACSQueue})
	if err != nil {
		return nil, fmt.Errorf("ACSAUTH_ACS_QUOTA: %w", err)
	}
	return g, nil
}

// countQuota lets each scrape tell how the limits of ACS stand.
func countQuota(m *telemetry.Metrics, g *quota.Governor) {
	m.SetQuota(func() []telemetry.QuotaState {
		var out []telemetry.QuotaState
		for _, s := range g.Stats() {
			t := telemetry.QuotaState{Operation: s.Op.String(), Limit: s.Limit, Left: float64(s.Left), Waiting: s.Waiting, Shed: s.Shed, Throttled: s.Throttled, Exhaustion: math.Inf(1)}
			if s.Exhaustion != quota.Never {
				t.Exhaustion = s.Exhaustion.Seconds()
			}
			out = append(out, t)
		}
		return out
	})
}

// countCaches lets each scrape tell how far the caches help.
func countCaches(m *telemetry.Metrics, verifier *authn.Verifier, brk *broker.Broker, mappings *mapcache.Cache) {
	m.SetCaches(func() []telemetry.CacheCount {
		v, t, r := verifier.CacheStats(), brk.TokenStats(), mappings.Stats()
		return []telemetry.CacheCount{
			{Name: "verified", Hits: v.Hits, Misses: v.Misses, Entries: v.Tokens},
			{Name: "tokens", Hits: t.Hits, Misses: t.Misses, Entries: t.Entries},
			{Name: "mappings", Hits: r.Hits, Misses: r.Misses, Entries: r.Rows},
		}
	})
}
