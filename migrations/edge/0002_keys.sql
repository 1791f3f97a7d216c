-- Keys of homes as time goes by: when each came in, and which may do nothing any more. homes.public_key is the one that
-- counts now. edge/home/schema.ts is its twin.
CREATE TABLE home_keys (
  key_thumbprint TEXT PRIMARY KEY NOT NULL,
  home_id TEXT NOT NULL REFERENCES homes (home_id),
  -- Milliseconds since the epoch, as everywhere.
  since INTEGER NOT NULL,
  -- The operator revoked it then; null: never.
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX keys_of_home ON home_keys (home_id);
--> statement-breakpoint
INSERT INTO home_keys (key_thumbprint, home_id, since)
  SELECT homes.key_thumbprint, homes.home_id, max(claims.claimed_at)
  FROM homes JOIN claims ON claims.home_id = homes.home_id
  GROUP BY homes.home_id;
--> statement-breakpoint
-- Codes that the operator took back before anybody used them: a call that made one known, sent again, must not bring it
-- back. The code's own row is deleted, which fails when a claim names it.
CREATE TABLE dropped_codes (
  code_hash TEXT PRIMARY KEY NOT NULL,
  dropped_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
