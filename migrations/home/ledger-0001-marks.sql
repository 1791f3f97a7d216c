-- One row for each delivery that was ever begun: what home knows of it after any crash. A row without an answer is
-- in doubt. `sender` feeds the filter of known actors.
CREATE TABLE marks (
  id TEXT NOT NULL PRIMARY KEY,
  service TEXT NOT NULL,
  sender TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  answered_at INTEGER,
  outcome TEXT CHECK (outcome IN ('delivered', 'later', 'dead', 'released')),
  CHECK ((answered_at IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

-- Numbers that must survive a restart and never go back, by name.
CREATE TABLE numbers (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
