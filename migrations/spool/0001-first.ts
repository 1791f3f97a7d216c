// The spool's first schema. edge/spool/schema.ts describes the same tables to drizzle and says what the columns mean.
// No index and no AUTOINCREMENT: each would cost a row write per delivery, and rows are what the platform bills.
// `body` stands last, so that whatever reads the other columns never touches its pages.

export const first = {
  version: 1,
  statements: [
    `CREATE TABLE delivery (
       place INTEGER PRIMARY KEY,
       seq INTEGER NOT NULL,
       received_at INTEGER NOT NULL,
       not_before INTEGER NOT NULL,
       attempts INTEGER NOT NULL,
       sender_waiting INTEGER NOT NULL,
       body_bytes INTEGER NOT NULL,
       id TEXT NOT NULL,
       lane TEXT NOT NULL,
       service TEXT NOT NULL,
       sender TEXT NOT NULL,
       undecided_origin TEXT,
       body_sha256 TEXT NOT NULL,
       totals TEXT NOT NULL,
       path TEXT NOT NULL,
       reason TEXT,
       envelope TEXT NOT NULL,
       body BLOB
     ) STRICT`,
    `CREATE TABLE session (
       one INTEGER PRIMARY KEY,
       session TEXT NOT NULL,
       epoch INTEGER NOT NULL,
       public_key TEXT NOT NULL
     ) STRICT`,
    `CREATE TABLE marks (
       one INTEGER PRIMARY KEY,
       totals TEXT NOT NULL,
       snapshot_at INTEGER NOT NULL,
       snapshot_before INTEGER NOT NULL
     ) STRICT`,
    `CREATE TABLE known_senders (
       one INTEGER PRIMARY KEY,
       since INTEGER NOT NULL,
       built_at INTEGER NOT NULL,
       covered_seq INTEGER NOT NULL,
       covered_kept INTEGER NOT NULL,
       covered_dead INTEGER NOT NULL,
       items INTEGER NOT NULL,
       capacity INTEGER NOT NULL,
       filter TEXT
     ) STRICT`,
  ],
} as const;
