// GoToSocial (internal/federation/authenticate.go, internal/api/activitypub/users, the httpsig library that it brings). It
// does not look at Date, so that nothing comes too late, but for a signature that says itself when it expires.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.gotosocial;

export const gotosocial: ServerSoftware = {
  kind: 'gotosocial',
  traits: {
    title,
    window: null,
    minds: 'expires',
    // No other code can be loaded into it.
    hook: null,
    bodyBytes: acceptances.gotosocial.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: false,
  },
  acceptance: () => acceptances.gotosocial,
  deduplicatesBy: 'activity id, within one inbox',
  unproven: [401],
  unprovenMayPass: false,
  isSilent: false,
  // internal/middleware/useragent.go: 418 to who names no User-Agent. Nobody signs that.
  wants: ({ headers }) =>
    headers.some(([name]) => name.toLowerCase() === 'user-agent') ? [] : [['User-Agent', 'Porchlight (home node)']],
  says: {
    400: 'it cannot read the activity',
    403: 'it blocks the sender, or the recipient does',
    404: 'nobody of this name is here',
    410: 'this account is gone',
    429: 'more came from one address than its rate limit allows; `advanced-rate-limit-exceptions` in its configuration can name this machine',
    418: 'it wants a User-Agent, and the sender named an empty one',
    500: 'it failed inside, as it does when the sender’s key or account cannot be fetched, or its WebFinger does not know that account',
    503: 'too many requests are in its hands; fewer at once (`drain_parallel`) spare it that',
  },
  // advanced-throttling-retry-after; its rate limit counts 5 minutes.
  retryAfterMs: 30_000,
  // internal/gtsmodel: the same tables in PostgreSQL and SQLite.
  reads: {
    accounts: ['SELECT username AS name FROM accounts WHERE domain IS NULL AND suspended_at IS NULL'],
    actors: ['SELECT uri FROM accounts WHERE domain IS NOT NULL'],
    blocks: ['SELECT domain FROM domain_blocks'],
    // internal/db/bundb/domain.go: with all that is below. In the mode `allowlist` a block counts for more, else the allow does.
    // instance-federation-mode is in its configuration.
    allowed: {
      questions: ["SELECT domain FROM domain_allows UNION ALL SELECT '*.' || domain FROM domain_allows"],
      inForce: 'if its owner says so',
      liftsBlocks: 'not in force',
    },
    keys: [
      `SELECT public_key_uri AS "keyId", uri AS owner, CAST(public_key AS TEXT) AS pem, domain FROM accounts
       WHERE domain IS NOT NULL AND suspended_at IS NULL ORDER BY fetched_at DESC NULLS LAST LIMIT ${limits.actorKeys}`,
    ],
    ownActor: {
      // The one account here that is nobody's.
      keys: [
        `SELECT public_key_uri AS "keyId", username AS name, CAST(private_key AS TEXT) AS secret FROM accounts
         WHERE domain IS NULL AND suspended_at IS NULL AND private_key IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM users WHERE users.account_id = accounts.id)`,
      ],
      // internal/filter/visibility: to an actor of its own it shows also what is for this server alone (federated). Public and
      // unlisted are numbers since 0.18.
      posts: [
        `SELECT uri FROM statuses WHERE local AND federated AND NOT pending_approval AND boost_of_id IS NULL
         AND CAST(visibility AS TEXT) IN ('2', '3', 'public', 'unlocked')
         ORDER BY CASE WHEN pinned_at IS NULL THEN 1 ELSE 0 END, id DESC LIMIT ${limits.publicPosts}`,
      ],
      postPath: /^\/users\/[^/]+\/statuses\/[^/]+/,
    },
  },
};
