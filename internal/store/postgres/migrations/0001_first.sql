-- +goose Up
-- Text of others is kept as bytes: compared byte for byte, whatever the encoding and
-- collation of the database. Lengths are bounded by the program.
CREATE TABLE acsauth.mapping (
	key         bytea       NOT NULL PRIMARY KEY, -- SHA-256 of issuer and subject: short, random, no personal data
	issuer      bytea       NOT NULL,
	subject     bytea       NOT NULL,
	state       text        NOT NULL CONSTRAINT mapping_state CHECK (state IN ('pending', 'active', 'deleting')),
	attempt     bytea       NOT NULL CONSTRAINT mapping_attempt CHECK (attempt <> ''),
	identity    bytea       NOT NULL,
	resource    bytea       NOT NULL,
	generation  bigint      NOT NULL,
	lease_until timestamptz NOT NULL,
	CONSTRAINT mapping_key CHECK (length(key) = 32),
	CONSTRAINT mapping_identity_of_state CHECK ((state = 'pending') = (identity = ''))
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE UNIQUE INDEX mapping_identity ON acsauth.mapping (identity) WHERE identity <> '';
CREATE INDEX mapping_unfinished ON acsauth.mapping (state, lease_until) WHERE state <> 'active';

CREATE TABLE acsauth.journal (
	user_hash  bytea       NOT NULL,
	attempt    bytea       NOT NULL,
	kind       text        NOT NULL CONSTRAINT journal_kind CHECK (kind IN ('suspect', 'orphan', 'left')),
	identity   bytea       NOT NULL,
	resource   bytea       NOT NULL,
	answer     bytea       NOT NULL CONSTRAINT journal_answer CHECK (length(answer) <= 4096),
	request_id bytea       NOT NULL,
	since      timestamptz NOT NULL,
	PRIMARY KEY (user_hash, attempt),
	CONSTRAINT journal_identity_of_kind CHECK (kind = 'suspect' OR identity <> '')
);
CREATE INDEX journal_age ON acsauth.journal (kind, since);

-- Few rows, often changed: room in each page lets a change stay in its page.
CREATE TABLE acsauth.named_lock (
	name       bytea       NOT NULL PRIMARY KEY,
	holder     bytea       NOT NULL,
	held_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The oldest program that may use this schema, by the newest version of the schema that it
-- knows. A migration that a running older program cannot live with raises it; others leave it.
CREATE TABLE acsauth.compatibility (
	one_row         boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one_row),
	oldest_program  integer NOT NULL
);
INSERT INTO acsauth.compatibility (oldest_program) VALUES (1);

-- +goose Down
DROP TABLE acsauth.compatibility, acsauth.named_lock, acsauth.journal, acsauth.mapping;
