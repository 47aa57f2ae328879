package quota

import "time"

// The bounds of what a client is told.
const (
	minRetry = time.Second
	maxRetry = 10 * time.Minute
)

// promises counts the clients that were told to come again, by the second of
// their time. They are not known when they come, so a place that was promised
// is only kept by sending those who come before that time, or are told later, behind it.
type promises struct {
	from  int64 // Unix second of the first count
	total int
	at    [int(maxRetry/time.Second) + 2]int // a ring
}

// tidy forgets those whose time has come.
func (p *promises) tidy(now time.Time) {
	sec := now.Unix()
	switch {
	case p.total == 0: // so all counts are zero
		p.from = sec
	case sec-p.from >= int64(len(p.at)):
		*p = promises{from: sec}
	}
	for ; p.from < sec; p.from++ {
		i := p.from % int64(len(p.at))
		p.total -= p.at[i]
		p.at[i] = 0
	}
}

// between counts those whose second is after that of now, and not after that of end.
func (p *promises) between(now, end time.Time) (n int) {
	if p.total == 0 {
		return 0
	}
	last := min(end.Unix(), p.from+int64(len(p.at))-1)
	for sec := max(now.Unix()+1, p.from); sec <= last; sec++ {
		n += p.at[sec%int64(len(p.at))]
	}
	return n
}

func (p *promises) add(due time.Time) {
	sec := max(p.from, min(due.Unix(), p.from+int64(len(p.at))-1))
	p.at[sec%int64(len(p.at))]++
	p.total++
}
