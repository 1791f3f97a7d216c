// A snapshot as a small home leaves it.

import type { Snapshot } from '../../../shared/snapshot.ts';

export function exampleSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    complete: true,
    version: 1,
    madeAt: 1_790_000_000_000,
    language: 'en',
    title: 'A garden',
    services: [
      {
        name: 'site',
        hosts: ['a.example'],
        inboxes: ['/users/owner/inbox', '/inbox'],
        signatures: ['cavage', 'rfc9421'],
      },
    ],
    accounts: [
      {
        subject: 'acct:owner@a.example',
        aliases: ['https://a.example/users/owner'],
        links: [{ rel: 'self', type: 'application/activity+json', href: 'https://a.example/users/owner' }],
      },
    ],
    nodeinfo: { version: '2.1', protocols: ['activitypub'] },
    documents: [
      { host: 'a.example', path: '/users/owner', contentType: 'application/activity+json', body: '{"type":"Person"}' },
    ],
    knownActors: { bits: 'AAAA', hashes: 3 },
    ...changes,
  };
}

export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
