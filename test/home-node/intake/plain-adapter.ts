// An adapter for services that answer as HTTP means it.

import type { Adapter } from '../../../home-node/adapters/adapter.ts';

export const plainAdapter: Adapter = {
  kind: 'plain',
  signatures: ['cavage'],
  knowsPages: false,
  greeter: null,
  deduplicatesBy: null,
  headersFor: async (delivery) => [['Porchlight-Receipt', `for ${delivery.id}`]],
  outcomeOf: ({ status, retryAfterMs }) => {
    if (status < 300) return { outcome: 'delivered' };
    if (status < 500 && status !== 429) return { outcome: 'dead', reason: `it answered ${status}` };
    const later = { outcome: 'later', reason: `it answered ${status}` } as const;
    return retryAfterMs === null ? later : { ...later, retryAfterMs };
  },
  leavings: async () => ({
    inboxes: ['/inbox'],
    accounts: [],
    nodeinfo: null,
    documents: [],
    knownActors: [],
    pages: [],
  }),
};
