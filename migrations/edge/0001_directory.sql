-- The directory: which home answers for which host, and the codes that let homes in. edge/home/schema.ts is its twin.
CREATE TABLE homes (
  home_id TEXT PRIMARY KEY NOT NULL,
  -- Ed25519, public part, as JWK (RFC 8037) in JSON.
  public_key TEXT NOT NULL,
  -- RFC 7638 thumbprint: one key is one home.
  key_thumbprint TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- A row per host, so that two homes can never answer for one. With a port only in development.
CREATE TABLE hosts (
  host TEXT PRIMARY KEY NOT NULL,
  home_id TEXT NOT NULL REFERENCES homes (home_id)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX hosts_of_home ON hosts (home_id);
--> statement-breakpoint
CREATE TABLE claim_codes (
  -- SHA-256 of the code, base64url: who reads this table cannot claim.
  code_hash TEXT PRIMARY KEY NOT NULL,
  -- JSON array of text.
  hosts TEXT NOT NULL,
  -- The home whose lost key this code replaces; null otherwise.
  replaces TEXT REFERENCES homes (home_id),
  -- Milliseconds since the epoch.
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- A used code. Its primary key is what makes a code good for once: of two racing claims, one insert fails and takes
-- its whole batch with it. It is written first, before the home that it names.
CREATE TABLE claims (
  code_hash TEXT PRIMARY KEY NOT NULL REFERENCES claim_codes (code_hash),
  home_id TEXT NOT NULL REFERENCES homes (home_id) DEFERRABLE INITIALLY DEFERRED,
  claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
