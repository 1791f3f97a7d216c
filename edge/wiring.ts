// Makes the parts of the Worker and puts them together, once per isolate: the only file that constructs. What a part
// needs is in its own file; which requests it gets is in router.ts.

import { waitUntil } from 'cloudflare:workers';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { answerDocument } from './activitypub/answer.ts';
import { cacheMemory, isolateMemory } from './activitypub/key-memory.ts';
import { KeyResolver } from './activitypub/keys.ts';
import type { Received } from './activitypub/receive.ts';
import { UndecidedOrigins } from './activitypub/undecided-origins.ts';
import { Copies } from './cache/store.ts';
import { type Env, settingsOf } from './env.ts';
import { ClaimDesk } from './home/claim.ts';
import { D1Directory } from './home/directory.ts';
import { Snapshots } from './home/snapshots.ts';
import { dnsOverHttps } from './http/resolve.ts';
import { siteOf } from './pages/site.ts';
import { type Parts, router } from './router.ts';
import { SpoolClient } from './spool/client.ts';
import { StatusReader } from './status/gather.ts';

const made = new WeakMap<Env, ReturnType<typeof router>>();

/** The Worker of this isolate. */
export function edgeOf(env: Env): ReturnType<typeof router> {
  const edge = made.get(env) ?? router(partsOf(env));
  made.set(env, edge);
  return edge;
}

function partsOf(env: Env): Parts {
  const { dnsResolver, devKeyOrigins } = settingsOf(env);
  const clock = systemClock;
  const random = systemRandom;
  const keepAlive = (work: Promise<unknown>): void => waitUntil(work);
  const directory = new D1Directory(env.DIRECTORY, clock, keepAlive);
  const fetcher = async (request: Request): Promise<Response> => await fetch(request);
  const keys = new KeyResolver({
    fetch: {
      fetcher,
      resolver: dnsOverHttps(dnsResolver, fetcher),
      isOwnHost: async (host) => (await directory.homeOf(host)) !== null,
      devOrigins: devKeyOrigins,
    },
    memory: isolateMemory(cacheMemory(caches.default)),
    clock,
    deadline: (ms) => AbortSignal.timeout(ms),
    keepAlive,
  });
  const snapshots = new Snapshots(env.STORE, clock, keepAlive);
  const spoolObject = (homeId: string) => env.SPOOL.get(env.SPOOL.idFromName(homeId));
  return {
    clock,
    directory,
    claims: new ClaimDesk(env.DIRECTORY, clock, random),
    snapshots,
    copies: new Copies({ store: env.STORE, clock, keepAlive }),
    store: env.STORE,
    links: env.LINK,
    linkOf: (homeId) => env.LINK.get(env.LINK.idFromName(homeId)),
    spoolObject,
    spoolOf: oncePerHome((homeId) => new SpoolClient({ homeId, spools: env.SPOOL, store: env.STORE, clock })),
    answerLeft: answerDocument,
    status: new StatusReader({
      clock,
      keepAlive,
      linkTold: async (homeId) => {
        const presence = await env.LINK.get(env.LINK.idFromName(homeId)).presence();
        return { presence, history: [], services: null };
      },
      standing: async (homeId) => await spoolObject(homeId).standing(),
      snapshotOf: async (homeId) => await snapshots.of(homeId),
    }),
    siteOf: async (homeId) => siteOf(await snapshots.of(homeId)),
    activityPub: { keys, undecidedOrigins: new UndecidedOrigins(), clock, random, report },
  };
}

/** What a client remembers of its home must outlive one request. */
function oncePerHome<Client>(make: (homeId: string) => Client): (homeId: string) => Client {
  const clients = new Map<string, Client>();
  return (homeId) => {
    const client = clients.get(homeId) ?? make(homeId);
    clients.set(homeId, client);
    return client;
  };
}

/** What an owner wants to know of the inbox: not each of thousands of deliveries, but those that something is wrong with. */
function report(request: Request, received: Received): void {
  const { pathname } = new URL(request.url);
  if (received.verdict === 'refused') console.warn(`inbox-refused: ${pathname}: ${received.kind}: ${received.reason}`);
  if (received.verdict !== 'spooled') return;
  if (received.undecided !== null) console.warn(`inbox-undecided: ${pathname}: ${received.undecided}`);
  const { put } = received.put;
  if (put !== 'stored' && put !== 'duplicate') console.warn(`inbox-refused: ${pathname}: ${put}`);
}
