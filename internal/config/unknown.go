package config

import (
	"regexp"
	"slices"
	"strings"
)

// Kubernetes tells every pod the addresses of services by variables made from
// their names, so a service called acsauth makes variables with our prefix.
var (
	kubeName  = regexp.MustCompile(`^ACSAUTH_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	kubePort  = regexp.MustCompile(`^ACSAUTH_([A-Z0-9_]+_)?PORT$`)
	kubeValue = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

func fromKubernetes(name, value string) bool {
	return kubeName.MatchString(name) || kubePort.MatchString(name) && kubeValue.MatchString(value)
}

// knownNames lists every name that a setting may be given under.
func knownNames() []string {
	var out []string
	for _, s := range settings() {
		out = append(out, s.names()...)
	}
	return out
}

// unknown finds the names of a layer that no setting has. In the environment,
// only names with our prefix are ours to judge; in a file all are.
func (fs *faults) unknown(l layer, all bool) {
	known := append(knownNames(), testNames()...)
	for _, name := range l.sortedNames() {
		ours := all || strings.HasPrefix(strings.ToUpper(name), prefix)
		if !ours || slices.Contains(known, name) || fromKubernetes(name, l.values[name]) {
			continue
		}
		problem := "is not a setting"
		if near := nearest(name, known); near != "" {
			problem += "; did you mean " + near + "?"
		}
		fs.add(name, problem+" ("+l.kind+")", "")
	}
}

// nearest returns the known name that is most like name, or "" if none is near.
func nearest(name string, known []string) string {
	bare := func(s string) string { return strings.TrimPrefix(strings.ToUpper(s), prefix) }
	best, least := "", 1+len(bare(name))/3
	for _, k := range known {
		if d := Distance(bare(name), bare(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// Distance counts the bytes to insert, drop or swap to turn a into b (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
