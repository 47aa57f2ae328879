package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// storeTimeout bounds one count of the store, so that a slow store does not hold up a scrape.
const storeTimeout = 3 * time.Second

// StoreCounts is what a store holds: rows by state and journal lines by kind. A
// negative number was not counted.
type StoreCounts struct{ Pending, Active, Deleting, Suspects, Orphans, Left int64 }

// CountStore counts what the store holds.
type CountStore func(ctx context.Context) (StoreCounts, error)

// SetStore makes each scrape count the store with f, for at most three seconds.
// If f fails, the counts are left out and acsauth_store_up is 0.
func (m *Metrics) SetStore(f CountStore) { m.store.count.Store(&f) }

type storeCollector struct {
	count           atomic.Pointer[CountStore]
	rows, lines, up *prometheus.Desc
}

func newStoreCollector() *storeCollector {
	name := func(s string) string { return prometheus.BuildFQName(namespace, "store", s) }
	return &storeCollector{
		rows:  prometheus.NewDesc(name("mappings"), "Mappings in the store, by state.", []string{"state"}, nil),
		lines: prometheus.NewDesc(name("journal_lines"), "Journal lines in the store, by kind.", []string{"kind"}, nil),
		up:    prometheus.NewDesc(name("up"), "1 if the store could be counted at this scrape.", nil, nil),
	}
}

func (c *storeCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.rows
	ch <- c.lines
	ch <- c.up
}

func (c *storeCollector) Collect(ch chan<- prometheus.Metric) {
	count := c.count.Load()
	if count == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	n, err := (*count)(ctx)
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	gauge(c.rows, float64(n.Pending), "pending")
	if n.Active >= 0 {
		gauge(c.rows, float64(n.Active), "active")
	}
	gauge(c.rows, float64(n.Deleting), "deleting")
	gauge(c.lines, float64(n.Suspects), "suspect")
	gauge(c.lines, float64(n.Orphans), "orphan")
	gauge(c.lines, float64(n.Left), "left")
}
