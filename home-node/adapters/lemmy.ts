// Lemmy (activitypub-federation-rust, src/http_signatures.rs: EXPIRES_AFTER; crates/utils/src/error.rs). Its window is an
// hour, in the compiled program; whatever it does not accept is 400.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.lemmy;
const hourMs = 3_600_000;

export const lemmy: ServerSoftware = {
  kind: 'lemmy',
  traits: {
    title,
    // How far ahead a time may be was not found; the edge takes no more than an hour.
    window: { pastMs: hourMs, futureMs: hourMs },
    minds: 'expires',
    hook: null,
    bodyBytes: acceptances.lemmy.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: () => acceptances.lemmy,
  deduplicatesBy: 'activity id',
  unproven: [400, 401],
  // Its 400 is for activities that it does not know, too: of most senders most would be tried in vain.
  unprovenMayPass: false,
  isSilent: false,
  says: { 403: 'it does not federate with the sender', 404: 'this is no inbox of it' },
  retryAfterMs: null,
  // crates/db_schema_file/src/schema.rs: `ap_id` since 1.0, `actor_id` before.
  reads: {
    accounts: [
      `SELECT name FROM person WHERE local AND NOT deleted
       UNION SELECT name FROM community WHERE local AND NOT deleted AND NOT removed`,
    ],
    actors: ['ap_id', 'actor_id'].map(
      (id) =>
        `SELECT ${id} AS uri FROM person WHERE NOT local UNION ALL SELECT ${id} FROM community WHERE NOT local
         UNION ALL SELECT ${id} FROM site`,
    ),
    // crates/apub, check_apub_id_valid: the host, and nothing below it.
    blocksAreExact: true,
    blocks: ['SELECT i.domain FROM federation_blocklist b JOIN instance i ON i.id = b.instance_id'],
    // crates/apub/src/lib.rs, check_apub_id_valid: as they are spelt, as soon as there is one.
    allowed: {
      questions: [
        `SELECT NULL AS domain FROM local_site WHERE NOT federation_enabled
         UNION ALL SELECT i.domain FROM federation_allowlist a JOIN instance i ON i.id = a.instance_id
           WHERE NOT EXISTS (SELECT 1 FROM local_site WHERE NOT federation_enabled)`,
      ],
      inForce: 'with rows',
    },
    keys: ['ap_id', 'actor_id'].map(
      (id) =>
        `SELECT ${id} || '#main-key' AS "keyId", ${id} AS owner, public_key AS pem, last_refreshed_at
         FROM person WHERE NOT local AND NOT deleted
         UNION ALL SELECT ${id} || '#main-key', ${id}, public_key, last_refreshed_at FROM community WHERE NOT local
         ORDER BY last_refreshed_at DESC LIMIT ${limits.actorKeys}`,
    ),
  },
};
