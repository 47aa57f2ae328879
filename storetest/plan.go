package storetest

import "math/rand/v2"

// A Plan says what happens to the n-th call of a verb, n counting from 1 and
// separately for each verb. It is called for every call, one call at a time, so it may
// keep state without a lock. It must not call the store.
type Plan func(verb string, n int) Fault

// At fails the n-th call of one verb.
func At(verb string, n int, fault Fault) Plan {
	return func(v string, i int) Fault {
		if v == verb && i == n {
			return fault
		}
		return NoFault
	}
}

// AtCall fails the n-th call of all, whatever its verb. Used with n = 1, 2, ...
// until no call is left, it puts one fault at each place where a program touches the store.
func AtCall(n int, fault Fault) Plan {
	total := 0
	return func(string, int) Fault {
		if total++; total == n {
			return fault
		}
		return NoFault
	}
}

// Random fails each call with probability rate (0 to 1), with one of faults,
// all equally likely. With no faults named it uses [NotStored], [Stored] and
// [StoredLate]. The same seed gives the same answers in the same order of calls.
func Random(seed uint64, rate float64, faults ...Fault) Plan {
	if len(faults) == 0 {
		faults = []Fault{NotStored, Stored, StoredLate}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(string, int) Fault {
		if rng.Float64() >= rate {
			return NoFault
		}
		return faults[rng.IntN(len(faults))]
	}
}

// Plans asks each plan in turn and takes the first fault. Every plan sees every call.
func Plans(plans ...Plan) Plan {
	return func(verb string, n int) Fault {
		found := NoFault
		for _, plan := range plans {
			if fault := plan(verb, n); found == NoFault {
				found = fault
			}
		}
		return found
	}
}
