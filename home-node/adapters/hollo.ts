// Hollo (src/federation/index.ts), which is Fedify: an hour either way, 401 for a proof that does not hold or is too old.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { knownSoftware } from '../../shared/config/software.ts';
import { windowOf } from '../receipts/window.ts';
import type { ServerSoftware } from './server-adapter.ts';

const { title, parallel, perSecond, perSecondOfAddress } = knownSoftware.hollo;

export const hollo: ServerSoftware = {
  kind: 'hollo',
  traits: {
    title,
    window: windowOf('hollo'),
    minds: 'expires',
    hook: 'hollo',
    bodyBytes: acceptances.hollo.bodyBytes,
    parallel,
    perSecond,
    perSecondOfAddress,
    sharedInbox: true,
  },
  acceptance: () => acceptances.hollo,
  deduplicatesBy: 'activity id',
  unproven: [401],
  unprovenMayPass: true,
  isSilent: false,
  says: { 400: 'it cannot read the activity', 404: 'nobody of this name is here' },
  retryAfterMs: null,
  // src/schema.ts. It blocks accounts, never servers, and its keys of peers are not in tables.
  reads: {
    accounts: ['SELECT handle AS name FROM account_owners'],
    actors: ['SELECT iri AS uri FROM accounts WHERE id NOT IN (SELECT id FROM account_owners)'],
    blocks: [],
    keys: [],
  },
};
