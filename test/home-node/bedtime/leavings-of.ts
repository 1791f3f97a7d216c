// What a service of tests leaves.

import type { Leavings } from '../../../home-node/adapters/adapter.ts';

export function leavingsOf(title: string, actors: readonly string[] = []): Leavings {
  return {
    inboxes: [`/${title}/inbox`],
    accounts: [{ subject: `acct:${title}@a.example`, aliases: [], links: [] }],
    nodeinfo: { software: { name: title } },
    documents: [{ host: 'a.example', path: `/${title}`, contentType: 'application/activity+json', body: '{}' }],
    knownActors: actors,
    pages: ['/', `/${title}`],
  };
}
