// Misskey (packages/backend/src/server/ActivityPubServerService.ts). It looks at the time, the host and the digest at once
// (5 minutes either way), and at the signature itself later, in its queue: what it refuses then, nobody is told.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import { windowOf } from '../receipts/window.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.misskey;

export const misskey: ServerSoftware = {
  kind: 'misskey',
  traits: {
    title,
    window: windowOf('misskey'),
    minds: 'expires',
    hook: 'misskey',
    bodyBytes: acceptances.misskey.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: () => acceptances.misskey,
  // A Follow that comes twice is one; a byte-identical one after an Undo is a new one, as its sender means it.
  deduplicatesBy: 'object id',
  unproven: [401],
  unprovenMayPass: false,
  isSilent: false,
  says: {
    400: 'it cannot read the activity',
    403: 'its federation is switched off (a new Misskey’s is), in its control panel under Federation',
    404: 'this is no inbox of it',
  },
  retryAfterMs: null,
  // packages/backend/src/models: User, Meta, UserPublickey.
  reads: {
    accounts: ['SELECT username AS name FROM "user" WHERE host IS NULL AND NOT "isSuspended" AND NOT "isDeleted"'],
    actors: ['SELECT uri FROM "user" WHERE host IS NOT NULL AND uri IS NOT NULL'],
    blocks: ['SELECT unnest("blockedHosts") AS domain FROM meta'],
    // core/UtilityService.ts, isFederationAllowedHost: `all`, `specified` with all that is below, or `none`.
    allowed: {
      questions: [
        `SELECT NULL AS domain FROM meta WHERE federation::text <> 'all'
         UNION ALL SELECT unnest("federationHosts") FROM meta WHERE federation::text = 'specified'
         UNION ALL SELECT '*.' || unnest("federationHosts") FROM meta WHERE federation::text = 'specified'`,
      ],
      inForce: 'with rows',
    },
    keys: [
      `SELECT k."keyId", u.uri AS owner, k."keyPem" AS pem FROM user_publickey k JOIN "user" u ON u.id = k."userId"
       WHERE u.host IS NOT NULL AND NOT u."isSuspended" ORDER BY u."lastFetchedAt" DESC NULLS LAST LIMIT ${limits.actorKeys}`,
    ],
  },
};
