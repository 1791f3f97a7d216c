// The neighbour as a server: one actor, everything in memory, what it receives handed on. Fedify does the protocol.

import {
  createFederation,
  type Federation,
  generateCryptoKeyPair,
  type HttpMessageSignaturesSpec,
  MemoryKvStore,
} from '@fedify/fedify';
import { Activity, Endpoints, Note, Person } from '@fedify/vocab';

export interface NeighbourOptions {
  readonly origin: string;
  readonly name: string;
  /** How it signs for a server that it has not met. */
  readonly firstKnock: HttpMessageSignaturesSpec;
  readonly onReceived: (received: Received) => void;
}

export interface Received {
  readonly type: string;
  readonly activity: string | null;
  readonly actor: string | null;
  readonly object: string | null;
  readonly document: unknown;
}

export interface Neighbour {
  readonly origin: string;
  readonly actor: string;
  readonly handle: string;
  readonly federation: Federation<void>;
  /** Everything so far, in order. */
  readonly received: readonly Received[];
  /** Its own objects, which others may fetch; null when deleted. */
  readonly notes: Map<string, Note | null>;
  /** After this the actor is no longer to be found. */
  vanish(): void;
  /** A server that is in trouble: it answers deliveries with 503 while `deaf`. */
  setDeaf(deaf: boolean): void;
  fetch(request: Request): Promise<Response>;
}

export const identifier = 'me';

export async function createNeighbour({ origin, name, firstKnock, onReceived }: NeighbourOptions): Promise<Neighbour> {
  const keys = [await generateCryptoKeyPair('RSASSA-PKCS1-v1_5'), await generateCryptoKeyPair('Ed25519')];
  const received: Received[] = [];
  const notes = new Map<string, Note | null>();
  let vanished = false;
  let deaf = false;
  const federation = createFederation<void>({
    kv: new MemoryKvStore(),
    origin,
    allowPrivateAddress: true,
    firstKnock,
  });

  federation
    .setActorDispatcher('/people/{identifier}', async (context, asked) => {
      if (asked !== identifier) return null;
      const [first, ...others] = await context.getActorKeyPairs(asked);
      if (first === undefined) return null;
      return new Person({
        id: context.getActorUri(asked),
        preferredUsername: name,
        name,
        inbox: context.getInboxUri(asked),
        endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
        publicKey: first.cryptographicKey,
        assertionMethods: [first, ...others].map(({ multikey }) => multikey),
      });
    })
    .setKeyPairsDispatcher(() => keys)
    .mapHandle((_context, username) => (username === name ? identifier : null));
  federation.setObjectDispatcher(Note, '/notes/{note}', (context, { note }) => {
    return notes.get(context.getObjectUri(Note, { note }).href) ?? null;
  });
  federation
    .setInboxListeners('/people/{identifier}/inbox', '/inbox')
    // Everything is told, repetitions too: whoever watches wants to count them.
    .withIdempotency(() => null)
    .on(Activity, async (_context, activity) => {
      const heard: Received = {
        type: activity.constructor.name,
        activity: activity.id?.href ?? null,
        actor: activity.actorId?.href ?? null,
        object: activity.objectId?.href ?? null,
        document: await activity.toJsonLd(),
      };
      received.push(heard);
      onReceived(heard);
    });

  const actor = federation.createContext(new URL(origin), undefined).getActorUri(identifier).href;
  return {
    origin,
    actor,
    handle: `@${name}@${new URL(origin).host}`,
    federation,
    received,
    notes,
    vanish: () => {
      vanished = true;
    },
    setDeaf: (now) => {
      deaf = now;
    },
    fetch: async (request) => {
      if (deaf && request.method === 'POST') return new Response(null, { status: 503 });
      if (vanished && request.url.startsWith(actor) && request.method === 'GET')
        return new Response(null, { status: 410 });
      return await federation.fetch(request, { contextData: undefined });
    },
  };
}
