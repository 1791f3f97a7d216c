-- Hosts that the operator meant for a home, so that one look-up says it of a host that no home has now: it is asked for
-- whatever strangers hand over at names that they invent. edge/home/schema.ts is its twin.
CREATE TABLE meant_hosts (
  host TEXT PRIMARY KEY NOT NULL,
  -- Milliseconds since the epoch; null while a home has it.
  until INTEGER
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO meant_hosts (host, until) SELECT host, NULL FROM hosts;
--> statement-breakpoint
-- Of a code that may still be used, until then. Of one that was used, and whose host was released at a time that nobody
-- noted: thirty days from now, as after any release.
INSERT INTO meant_hosts (host, until)
  SELECT named.value, max(CASE WHEN claims.code_hash IS NULL THEN claim_codes.expires_at
    ELSE CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 2592000000 END)
  FROM claim_codes JOIN json_each(claim_codes.hosts) AS named
  LEFT JOIN claims ON claims.code_hash = claim_codes.code_hash
  WHERE claims.code_hash IS NOT NULL OR claim_codes.expires_at > CAST(strftime('%s', 'now') AS INTEGER) * 1000
  GROUP BY named.value
  ON CONFLICT DO NOTHING;
