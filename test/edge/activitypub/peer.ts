// A peer for tests: a server on the Internet of http/internet.ts with actors whose keys are real, and the edge's own
// key resolver in front of it.

import { isolateMemory, type KeyMemory, type KeyRecord } from '../../../edge/activitypub/key-memory.ts';
import { KeyResolver, type Naming } from '../../../edge/activitypub/keys.ts';
import type { SignAsEdge } from '../../../edge/activitypub/signed-get.ts';
import { dnsOverHttps } from '../../../edge/http/resolve.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Signer } from '../../shared/signature/signing.ts';
import { document, type Internet, resolverUrl } from '../http/internet.ts';

/** Saturday, 21 November 2026, 03:00:00 UTC. */
export const night = Date.UTC(2026, 10, 21, 3);

/** Who named a key, where it does not matter. */
export const somebody: Naming = { homeId: 'home-1', network: null, origin: 'https://home.example' };

export class FakeClock implements Clock {
  time = night;
  now(): number {
    return this.time;
  }
}

/** A memory that nobody else shares. */
export function emptyMemory(): KeyMemory {
  const records = new Map<string, KeyRecord>();
  return {
    get: async (keyId) => records.get(keyId) ?? null,
    put: async (keyId, record) => {
      records.set(keyId, record);
    },
  };
}

export interface KeysOptions {
  readonly memory?: KeyMemory;
  readonly devOrigins?: readonly string[];
  readonly deadline?: (ms: number) => AbortSignal;
  readonly sign?: SignAsEdge;
}

export function keysOn(internet: Internet, clock: Clock, options: KeysOptions = {}): KeyResolver {
  return new KeyResolver({
    fetch: {
      fetcher: internet.fetcher,
      resolver: dnsOverHttps(resolverUrl, internet.fetcher),
      isOwnHost: async (host) => host === 'home.example',
      devOrigins: new Set(options.devOrigins),
    },
    memory: options.memory ?? isolateMemory(emptyMemory()),
    clock,
    deadline: options.deadline ?? (() => new AbortController().signal),
    keepAlive: () => undefined,
    sign: options.sign ?? (async () => new Uint8Array(256)),
  });
}

/** The document of an actor with one key, as Mastodon writes it. */
export function actorOf(signer: Signer, rest: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const id = signer.keyId.replace(/#.*|\/main-key$/, '');
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id,
    type: 'Person',
    inbox: `${id}/inbox`,
    publicKey: { id: signer.keyId, owner: id, publicKeyPem: signer.pem },
    ...rest,
  };
}

/** A host whose documents are these, by address. */
export function serve(internet: Internet, host: string, documents: Readonly<Record<string, unknown>>): void {
  internet.add(host, (request) => {
    const found = documents[request.url];
    if (found instanceof Response) return found.clone();
    return found === undefined ? new Response(null, { status: 404 }) : document(found);
  });
}
