-- Moments are seconds since 1970. A version that needs more adds it in `book.py`, by `PRAGMA user_version`.
CREATE TABLE incidents (
  number INTEGER PRIMARY KEY,
  component TEXT NOT NULL, family TEXT NOT NULL,
  severity TEXT NOT NULL, state TEXT NOT NULL,
  title TEXT NOT NULL, impact TEXT NOT NULL DEFAULT '',
  opened_at REAL NOT NULL, private INTEGER NOT NULL,
  published_at REAL, acknowledged_at REAL, responder TEXT NOT NULL DEFAULT '',
  mitigated_at REAL, quiet_until REAL, resolved_at REAL, reviewed_at REAL,
  root_cause TEXT NOT NULL DEFAULT '', resolution TEXT NOT NULL DEFAULT '', monitoring TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX incidents_live ON incidents (component, family) WHERE state NOT IN ('resolved', 'reviewed');
CREATE INDEX incidents_opened ON incidents (opened_at);
CREATE TABLE signals (
  fingerprint TEXT NOT NULL, started_at REAL NOT NULL,
  incident INTEGER NOT NULL REFERENCES incidents (number),
  name TEXT NOT NULL, component TEXT NOT NULL, family TEXT NOT NULL, severity TEXT NOT NULL, source TEXT NOT NULL,
  summary TEXT NOT NULL, security INTEGER NOT NULL,
  firing INTEGER NOT NULL, heard_at REAL NOT NULL,
  PRIMARY KEY (fingerprint, started_at)
) STRICT;
CREATE INDEX signals_incident ON signals (incident, firing);
CREATE INDEX signals_firing ON signals (source) WHERE firing = 1;
CREATE TABLE timeline (
  id INTEGER PRIMARY KEY,
  incident INTEGER NOT NULL REFERENCES incidents (number),
  at REAL NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_incident ON timeline (incident, id);
CREATE TABLE deadlines (
  incident INTEGER NOT NULL REFERENCES incidents (number),
  kind TEXT NOT NULL, due_at REAL NOT NULL,
  PRIMARY KEY (incident, kind)
) STRICT;
CREATE INDEX deadlines_due ON deadlines (due_at);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  incident INTEGER REFERENCES incidents (number),
  channel TEXT NOT NULL, target TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
  made_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL,
  begun_at REAL, sent_at REAL, fault TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE sent_at IS NULL;
CREATE TABLE days (
  component TEXT NOT NULL, day TEXT NOT NULL,
  up INTEGER NOT NULL, down INTEGER NOT NULL,
  PRIMARY KEY (component, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE maintenance (
  id INTEGER PRIMARY KEY, component TEXT NOT NULL,
  starts_at REAL NOT NULL, ends_at REAL NOT NULL, text TEXT NOT NULL, cancelled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE subscribers (
  id INTEGER PRIMARY KEY, channel TEXT NOT NULL, target TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
  made_at REAL NOT NULL, confirmed_at REAL, UNIQUE (channel, target)
) STRICT;
CREATE TABLE actions (
  id INTEGER PRIMARY KEY,
  incident INTEGER NOT NULL REFERENCES incidents (number),
  text TEXT NOT NULL, owner TEXT NOT NULL, due_at REAL NOT NULL,
  closed_at REAL, waived TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
