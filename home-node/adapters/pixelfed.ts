// Pixelfed (app/Http/Controllers/FederationController.php, app/Jobs/InboxPipeline). It answers 200 to everything and looks at
// the proof in its queue, where what it does not like is dropped without a word: a Date of more than 24 hours ago or ahead
// is never taken, whatever the answer was.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.pixelfed;
const dayMs = 86_400_000;

export const pixelfed: ServerSoftware = {
  kind: 'pixelfed',
  traits: {
    title,
    window: { pastMs: dayMs, futureMs: dayMs },
    minds: 'nothing more',
    hook: null,
    bodyBytes: acceptances.pixelfed.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: () => acceptances.pixelfed,
  deduplicatesBy: 'object id',
  unproven: [401, 403],
  unprovenMayPass: false,
  isSilent: true,
  says: { 404: 'its federation or its shared inbox is switched off' },
  retryAfterMs: null,
  // database/migrations: profiles, instances. In words that MySQL, its default, and PostgreSQL both understand.
  reads: {
    accounts: ['SELECT username AS name FROM profiles WHERE domain IS NULL AND status IS NULL'],
    actors: ['SELECT remote_url AS uri FROM profiles WHERE domain IS NOT NULL AND remote_url IS NOT NULL'],
    // FederationController.php, in_array: the host, and nothing below it.
    blocksAreExact: true,
    blocks: ['SELECT domain FROM instances WHERE banned'],
    keys: [
      `SELECT key_id AS "keyId", remote_url AS owner, public_key AS pem FROM profiles
       WHERE domain IS NOT NULL AND key_id IS NOT NULL AND status IS NULL
       ORDER BY last_fetched_at IS NULL, last_fetched_at DESC LIMIT ${limits.actorKeys}`,
    ],
  },
};
