package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A problem is what the text of a setting has against it, fit to be shown.
type problem string

func (p problem) Error() string { return string(p) }

// A List is several values, written with commas between them.
type List []string

// maxList is the most entries a List may have.
const maxList = 100

// UnmarshalText reads a list. Space around entries is dropped; an empty entry or a second equal one is an error.
func (l *List) UnmarshalText(text []byte) error {
	var out List
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
			return problem("has an empty entry")
		case slices.Contains(out, part):
			return problem("names " + quote(part) + " twice")
		}
		out = append(out, part)
	}
	if len(out) > maxList {
		return problem("has more than " + strconv.Itoa(maxList) + " entries")
	}
	*l = out
	return nil
}

// String joins the list with commas.
func (l List) String() string { return strings.Join(l, ",") }

// Minutes is a duration that may also be written as a plain number of minutes.
type Minutes time.Duration

// UnmarshalText reads 60, 60m or 1h.
func (m *Minutes) UnmarshalText(text []byte) error {
	s := string(text)
	if n, err := strconv.ParseUint(s, 10, 16); err == nil {
		*m = Minutes(time.Duration(n) * time.Minute)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return problem("is " + quote(s) + ", which is not a number of minutes or a duration")
	}
	*m = Minutes(d)
	return nil
}

// Duration returns m as a time.Duration.
func (m Minutes) Duration() time.Duration { return time.Duration(m) }

// String writes m in minutes, such as 60m.
func (m Minutes) String() string {
	if d := time.Duration(m); d%time.Minute != 0 {
		return d.String()
	}
	return strconv.Itoa(int(time.Duration(m)/time.Minute)) + "m"
}

// quote shows a value in a message, shortened.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
