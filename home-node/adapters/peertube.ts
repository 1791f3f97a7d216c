// PeerTube (server/core/helpers/peertube-crypto.ts, server/core/middlewares/activitypub.ts, controllers/activitypub/inbox.ts).
// Its window is 30 minutes back and 2 seconds ahead; a proof that does not hold is 403 there.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import { windowOf } from '../receipts/window.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.peertube;

export const peertube: ServerSoftware = {
  kind: 'peertube',
  traits: {
    title,
    window: windowOf('peertube'),
    minds: 'expires',
    hook: 'peertube',
    bodyBytes: acceptances.peertube.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: () => acceptances.peertube,
  deduplicatesBy: 'object id',
  // 403 for all that it does not accept of a signature, its own failure to fetch the key among it.
  unproven: [401, 403],
  unprovenMayPass: true,
  isSilent: false,
  says: {
    400: 'it cannot read the activity, or its signature',
    404: 'nobody of this name is here',
    429: 'more came from one address than `rates_limit.activity_pub` allows',
  },
  retryAfterMs: 10_000,
  // It answers 204 at once, works on one after another (lib/activitypub/inbox-manager.ts) and keeps what waits in memory.
  work: {
    path: '/api/v1/server/stats',
    done: 'totalActivityPubMessagesProcessed',
    waiting: 'totalActivityPubMessagesWaiting',
  },
  reads: {
    accounts: ['SELECT "preferredUsername" AS name FROM actor WHERE "serverId" IS NULL'],
    actors: ['SELECT url AS uri FROM actor WHERE "serverId" IS NOT NULL'],
    // lib/blocklist.ts: by the account's server, which is a host.
    blocksAreExact: true,
    // Blocked by the server, which is the actor `peertube`; by a person is that person's matter. Which of the two tables
    // names the other is a matter of the version.
    blocks: ['a."actorId" = r.id', 'r."accountId" = a.id'].map(
      (joined) =>
        `SELECT s.host AS domain FROM "serverBlocklist" b JOIN server s ON s.id = b."targetServerId"
         JOIN account a ON a.id = b."accountId" JOIN actor r ON ${joined}
         WHERE r."serverId" IS NULL AND r."preferredUsername" = 'peertube'`,
    ),
    keys: [
      `SELECT url || '#main-key' AS "keyId", url AS owner, "publicKey" AS pem FROM actor
       WHERE "serverId" IS NOT NULL AND "publicKey" IS NOT NULL ORDER BY "updatedAt" DESC LIMIT ${limits.actorKeys}`,
    ],
  },
};
