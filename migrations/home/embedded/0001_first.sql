-- What the embedded home remembers. Times are milliseconds since the epoch. home-node/embedded/database.ts applies these
-- files in order, forward only.

-- The actor's own keys, as JWK. Made once: a lost key pair is a lost identity.
CREATE TABLE keys (
  kind TEXT PRIMARY KEY NOT NULL CHECK (kind IN ('RSASSA-PKCS1-v1_5', 'Ed25519')),
  private_key TEXT NOT NULL,
  public_key TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE followers (
  actor TEXT PRIMARY KEY NOT NULL,
  inbox TEXT NOT NULL,
  shared_inbox TEXT,
  -- Id of the Follow that made them one; an Undo may name it instead of carrying it.
  follow TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What others said to the owner, as it stands now: an Undo or Delete takes its row away.
CREATE TABLE inbox (
  activity TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'like', 'announce')),
  actor TEXT NOT NULL,
  -- Create: the peer's object. Like, Announce: the owner's.
  object TEXT NOT NULL,
  -- The activity as JSON-LD.
  document TEXT NOT NULL,
  arrived_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_of_actor ON inbox (actor);
CREATE INDEX inbox_about_object ON inbox (object);

-- The owner's posts, each made from one entry of the site's feed.
CREATE TABLE posts (
  id TEXT PRIMARY KEY NOT NULL,
  -- HTML that Porchlight made from text; nothing of the entry's own markup.
  content TEXT NOT NULL,
  link TEXT,
  published_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX posts_by_time ON posts (published_at, id);

-- Every entry of the feed that was ever seen: it becomes a post once, or never (post is null).
CREATE TABLE entries (
  entry TEXT PRIMARY KEY NOT NULL,
  post TEXT REFERENCES posts (id),
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When something happened that happens once (feed-first-read).
CREATE TABLE milestones (
  name TEXT PRIMARY KEY NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What waits to be sent. A row goes in the same commit that stores what its sending leads to.
CREATE TABLE queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- JSON, without private keys.
  message TEXT NOT NULL,
  -- Messages of one key go one after the other, in the order of id.
  ordering_key TEXT,
  due_at INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX queue_by_time ON queue (due_at, id);
CREATE INDEX queue_by_key ON queue (ordering_key, id) WHERE ordering_key IS NOT NULL;

-- Fedify's memory: peers' keys and documents, which signatures they understand, who is out of reach. All of it can be
-- had again.
CREATE TABLE kv (
  -- JSON array of text.
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kv_by_expiry ON kv (expires_at);
