package broker

import (
	"context"
	"log/slog"

	"github.com/acs-solutions/acsauth/internal/tracing"
)

// An Event is something that an operator counts.
type Event struct {
	// Name is one of EventNames.
	Name string
	// Attempt is the id of the attempt it concerns, or "".
	Attempt string
}

// The events of a Broker.
const (
	EventCreated     = "identity_created"     // an identity is active
	EventTakeover    = "takeover"             // an intent whose lease was over was taken over
	EventSuspect     = "suspect"              // a create may have made an identity that nobody knows
	EventOrphan      = "orphan"               // an identity that belongs to nobody is in the journal
	EventOrphanGone  = "orphan_deleted"       // it was deleted at ACS
	EventDeleted     = "identity_deleted"     // an identity and its row are gone
	EventDeleteLater = "deletion_postponed"   // ACS could not delete now; the sweeper goes on
	EventIntentSwept = "intent_swept"         // an abandoned intent was removed
	EventResolved    = "suspect_resolved"     // a suspect was found by its customId and deleted
	EventUnresolved  = "suspect_unresolvable" // ACS has several identities for one customId
	EventSuspectAged = "suspect_expired"      // a suspect was dropped after 90 days
	EventLost        = "identity_lost"        // ACS no longer knows an active identity
	EventDenied      = "acs_denied"           // ACS refuses our key or credential
	EventAdopted     = "identity_adopted"     // the identity that another place held is active here
	EventRehomed     = "identity_left"        // a user got a new identity; the old one is of another resource
	EventTampered    = "mapping_tampered"     // what was to be taken over belongs to another user
	EventUnreadable  = "answer_unreadable"    // ACS created something and the answer could not be understood
)

// EventNames lists the closed set of event names.
func EventNames() []string {
	return []string{
		EventCreated, EventTakeover, EventSuspect, EventOrphan, EventOrphanGone, EventDeleted, EventDeleteLater,
		EventIntentSwept, EventResolved, EventUnresolved, EventSuspectAged, EventLost, EventDenied, EventUnreadable,
		EventAdopted, EventRehomed, EventTampered,
	}
}

func (b *Broker) tell(ctx context.Context, name, attempt string) {
	if b.observe != nil {
		b.observe(Event{Name: name, Attempt: attempt})
	}
	tracing.Event(ctx, name, attempt)
	level := slog.LevelInfo
	switch name {
	case EventSuspect, EventOrphan, EventDeleteLater, EventUnresolved, EventLost, EventDenied, EventUnreadable, EventRehomed, EventTampered:
		level = slog.LevelWarn
	}
	b.log.LogAttrs(ctx, level, "identity event", slog.String("event", name), slog.String("attempt", attempt))
}
