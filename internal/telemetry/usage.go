package telemetry

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// A CacheCount is what one cache has done since the start, and what it holds.
type CacheCount struct {
	Name         string // a constant word
	Hits, Misses uint64
	Entries      int
}

// A QuotaState is how one operation of ACS stands to its limit, as this replica counts it.
type QuotaState struct {
	Operation string  // a constant word
	Limit     int     // calls in 30 s that this replica may make
	Left      float64 // calls that could be made at once
	Waiting   int     // requests that wait for their turn
	Shed      uint64  // requests that were told to come later
	Throttled uint64  // answers 429 of ACS
	// Exhaustion is after how many seconds at the rate of now nothing is left; +Inf: never.
	Exhaustion float64
}

// A KeySetAge is how old the signing keys of one issuer are, or of one tenant of it.
type KeySetAge struct {
	Issuer string
	Age    float64 // seconds since they were loaded; +Inf: never
}

// SetKeySets makes each scrape ask f how old the signing keys are.
func (m *Metrics) SetKeySets(f func() []KeySetAge) { m.usage.keys.Store(&f) }

// SetCaches makes each scrape ask f for the caches.
func (m *Metrics) SetCaches(f func() []CacheCount) { m.usage.caches.Store(&f) }

// SetQuota makes each scrape ask f how the limits of ACS stand.
func (m *Metrics) SetQuota(f func() []QuotaState) { m.usage.quota.Store(&f) }

// usageCollector tells of what saves calls: the caches, the signing keys that are held, and the limits of ACS.
type usageCollector struct {
	keys   atomic.Pointer[func() []KeySetAge]
	caches atomic.Pointer[func() []CacheCount]
	quota  atomic.Pointer[func() []QuotaState]

	issuers                                           labels
	keyAge                                            *prometheus.Desc
	hits, misses, entries                             *prometheus.Desc
	limit, left, waiting, shed, throttled, exhaustion *prometheus.Desc
}

func newUsageCollector() *usageCollector {
	desc := func(name, help, label string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{label}, nil)
	}
	return &usageCollector{
		keyAge:     desc("key_set_age_seconds", "Seconds since the signing keys of an issuer, or of one tenant of it, were loaded; +Inf stands for never.", "issuer"),
		hits:       desc("cache_hits_total", "Look-ups that a cache answered.", "cache"),
		misses:     desc("cache_misses_total", "Look-ups that a cache could not answer.", "cache"),
		entries:    desc("cache_entries", "Entries of a cache now, about.", "cache"),
		limit:      desc("quota_limit", "Calls of ACS that this replica may make in 30 seconds, by operation.", "operation"),
		left:       desc("quota_left", "Calls of ACS that could be made at once.", "operation"),
		waiting:    desc("quota_waiting", "Requests that wait for their turn at ACS.", "operation"),
		shed:       desc("quota_shed_total", "Requests that were told to come later, because the limit of ACS is used up.", "operation"),
		throttled:  desc("quota_throttled_total", "Answers 429 of ACS.", "operation"),
		exhaustion: desc("quota_exhaustion_seconds", "Seconds until no call of ACS is left, at the rate of now; +Inf stands for never.", "operation"),
	}
}

func (c *usageCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{c.keyAge, c.hits, c.misses, c.entries, c.limit, c.left, c.waiting, c.shed, c.throttled, c.exhaustion} {
		ch <- d
	}
}

func (c *usageCollector) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64, label string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, label)
	}
	if f := c.keys.Load(); f != nil {
		oldest := map[string]float64{} // more issuers than labels share one
		for _, k := range (*f)() {
			issuer := c.issuers.admit(k.Issuer)
			oldest[issuer] = max(oldest[issuer], k.Age)
		}
		for issuer, age := range oldest {
			send(c.keyAge, prometheus.GaugeValue, age, issuer)
		}
	}
	if f := c.caches.Load(); f != nil {
		for _, s := range (*f)() {
			send(c.hits, prometheus.CounterValue, float64(s.Hits), s.Name)
			send(c.misses, prometheus.CounterValue, float64(s.Misses), s.Name)
			send(c.entries, prometheus.GaugeValue, float64(s.Entries), s.Name)
		}
	}
	if f := c.quota.Load(); f != nil {
		for _, s := range (*f)() {
			send(c.limit, prometheus.GaugeValue, float64(s.Limit), s.Operation)
			send(c.left, prometheus.GaugeValue, s.Left, s.Operation)
			send(c.waiting, prometheus.GaugeValue, float64(s.Waiting), s.Operation)
			send(c.shed, prometheus.CounterValue, float64(s.Shed), s.Operation)
			send(c.throttled, prometheus.CounterValue, float64(s.Throttled), s.Operation)
			send(c.exhaustion, prometheus.GaugeValue, s.Exhaustion, s.Operation)
		}
	}
}
