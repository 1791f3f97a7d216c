// Mastodon 4.3 to 4.6 and main (app/lib/signed_request.rb, app/controllers/activitypub/inboxes_controller.rb, Rack's and
// Rails' own refusals). It looks at a signed time of at most 65 minutes ago: 5 minutes that a signature lasts by itself, and
// an hour of margin on either side.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { limits } from '../../shared/limits.ts';
import { windowOf } from '../receipts/window.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.mastodon;
const minuteMs = 60_000;

export const mastodon: ServerSoftware = {
  kind: 'mastodon',
  traits: {
    title,
    window: windowOf('mastodon'),
    minds: 'expires',
    hook: 'mastodon',
    bodyBytes: acceptances.mastodon.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: byVersion,
  deduplicatesBy: 'activity id',
  unproven: [401],
  unprovenMayPass: false,
  isSilent: false,
  says: {
    301: 'it sends elsewhere; `url` must be that of Mastodon itself (Puma), not of a proxy before it',
    400: 'it cannot read the digest of the body',
    403: 'it blocks the sender’s domain, or does not take the host for its own (LOCAL_DOMAIN, WEB_DOMAIN, ALTERNATE_DOMAINS)',
    404: 'nobody of this name is here',
    410: 'this account was deleted or suspended',
    503: 'it could not fetch the sender’s key, or its web process is not ready',
  },
  // Its circuit breaker for key fetches opens for 5 minutes.
  retryAfterMs: 5 * minuteMs,
  reads: {
    // app/models/account.rb, suspended_temporarily?: for 30 days an account that an admin suspended is there, and may come
    // back. It is found by WebFinger, its actor says `suspended`, and the rest is 403. Afterwards it is 410.
    accounts: [
      `SELECT username AS name FROM accounts a WHERE domain IS NULL AND (suspended_at IS NULL
         OR EXISTS (SELECT 1 FROM account_deletion_requests r WHERE r.account_id = a.id))`,
    ],
    actors: ["SELECT uri FROM accounts WHERE domain IS NOT NULL AND uri <> ''"],
    // app/models/domain_block.rb: 0 silence, 1 suspend, 2 noop. `rule_for`: of the host and all that is above it, the longest.
    blocks: ['SELECT domain FROM domain_blocks WHERE severity = 1'],
    milder: ['SELECT domain FROM domain_blocks WHERE severity <> 1'],
    // app/models/domain_allow.rb: as they are spelt. LIMITED_FEDERATION_MODE is in its environment, not in a table; where it is
    // on, nobody looks at blocks (app/helpers/domain_control_helper.rb).
    allowed: {
      questions: ['SELECT domain FROM domain_allows'],
      inForce: 'if its owner says so',
      liftsBlocks: 'in force',
    },
    keys: [
      // Since 4.6; app/models/keypair.rb: 0 RSA, 1 Ed25519.
      `SELECT k.uri AS "keyId", a.uri AS owner, k.public_key AS pem, a.domain FROM keypairs k
       JOIN accounts a ON a.id = k.account_id LEFT JOIN account_stats s ON s.account_id = a.id
       WHERE a.domain IS NOT NULL AND a.suspended_at IS NULL AND k.uri IS NOT NULL AND k.type < 2 AND NOT k.revoked
         AND (k.expires_at IS NULL OR k.expires_at > now() AT TIME ZONE 'UTC')
       ORDER BY s.last_status_at DESC NULLS LAST LIMIT ${limits.actorKeys}`,
      // It does not keep what the key is called; nearly everybody calls it so, and another name finds nothing.
      `SELECT a.uri || '#main-key' AS "keyId", a.uri AS owner, a.public_key AS pem, a.domain FROM accounts a
       LEFT JOIN account_stats s ON s.account_id = a.id
       WHERE a.domain IS NOT NULL AND a.suspended_at IS NULL AND a.uri <> '' AND a.public_key <> ''
       ORDER BY s.last_status_at DESC NULLS LAST LIMIT ${limits.actorKeys}`,
    ],
  },
  // 4.3 fails inside when a request has two Signature lines, every time anew: the edge takes no such request, but a later
  // edge or an earlier one might.
  oddity: ({ status }, { headers }) => {
    const signatures = headers.filter(([name]) => name.toLowerCase() === 'signature').length;
    if (status !== 500 || signatures < 2) return null;
    return {
      outcome: 'dead',
      reason: `${title} answered 500: it cannot read a request with ${signatures} Signature lines`,
    };
  },
};

/** By what it says of itself (nodeinfo, `software.version`): "4.4.3", "4.5.0-beta.1+glitch". Unknown: what all releases know. */
function byVersion(version: string | null): Acceptance {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  const release = Number(major) * 100 + Number(minor);
  if (release >= 405) return acceptances.mastodon;
  return release === 404 ? acceptances['mastodon-4.4'] : acceptances['mastodon-4.3'];
}
