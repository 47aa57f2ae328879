package broker

// A mistake is an error that an implementer of the protocol could make. The
// build tag mistakes lets the tests commit one at a time, to show that each is caught.
type mistake uint8

const (
	_            mistake = iota
	blindLoss            // a refused commit counts as lost without looking
	hastyDelete          // the own identity is deleted when the commit's outcome is unknown
	staleRead            // the look after an unknown commit reads old data
	noFence              // the commit accepts any Pending row
	unmapFirst           // a deletion removes the mapping before the identity
	noJournal            // suspects and orphans are not written down
	noSweep              // nobody sweeps abandoned intents
	resolveEarly         // a suspect is resolved while its create may still run
	oneCustomID          // one customId for each user, with a retry
	noIntent             // create first, then insert, with one customId for each user
)
