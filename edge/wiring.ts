// Makes the parts of the Worker and puts them together, once per isolate: the only file that constructs. What a part
// needs is in its own file; which requests it gets is in router.ts.

import { waitUntil } from 'cloudflare:workers';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { limits } from '../shared/limits.ts';
import { absenceOf } from '../shared/presence.ts';
import { answerDocument } from './activitypub/answer.ts';
import { ArrivalRates } from './activitypub/arrival-rates.ts';
import { admitReader } from './activitypub/authorized-fetch/admit.ts';
import { signQuestion } from './activitypub/authorized-fetch/ask-home.ts';
import { ActorNames } from './activitypub/authorized-fetch/names.ts';
import { namesMemory } from './activitypub/authorized-fetch/names-memory.ts';
import { cacheMemory, isolateMemory } from './activitypub/key-memory.ts';
import { KeyResolver } from './activitypub/keys.ts';
import { activityTypes, isActivityType } from './activitypub/media-type.ts';
import { readPublicDocument } from './activitypub/public-document.ts';
import type { Received, WhetherAway } from './activitypub/receive.ts';
import type { SignAsEdge } from './activitypub/signed-get.ts';
import { UndecidedOrigins } from './activitypub/undecided-origins.ts';
import { Copies } from './cache/store.ts';
import { type Env, settingsOf } from './env.ts';
import { ClaimDesk } from './home/claim.ts';
import { D1Directory } from './home/directory.ts';
import { KeyDesk } from './home/key-desk.ts';
import { KeyFence } from './home/key-fence.ts';
import { HomeSaid } from './home/said.ts';
import { dnsOverHttps } from './http/resolve.ts';
import { urlOf } from './http/url-of.ts';
import type { LinkObject } from './link/object.ts';
import { say } from './log.ts';
import { Registry } from './operator/registry.ts';
import { type Parts, router } from './router.ts';
import { SpoolClient } from './spool/client.ts';
import { StatusReader } from './status/gather.ts';
import { webFingerTable } from './webfinger/routes.ts';
import { joined } from './well-known/table.ts';

const made = new WeakMap<Env, ReturnType<typeof router>>();

/** The Worker of this isolate. */
export function edgeOf(env: Env): ReturnType<typeof router> {
  const edge = made.get(env) ?? router(partsOf(env));
  made.set(env, edge);
  return edge;
}

function partsOf(env: Env): Parts {
  const { dnsResolver, devKeyOrigins, operatorKey, about } = settingsOf(env);
  const clock = systemClock;
  const random = systemRandom;
  const pause = async (ms: number): Promise<void> => await scheduler.wait(ms);
  const keepAlive = (work: Promise<unknown>): void => waitUntil(work);
  const directory = new D1Directory(env.DIRECTORY, clock, keepAlive);
  const spoolObject = (homeId: string) => env.SPOOL.get(env.SPOOL.idFromName(homeId));
  const sign: SignAsEdge = async (homeId, text) => await spoolObject(homeId).signAsEdge(text);
  const fetcher = async (request: Request): Promise<Response> => await fetch(request);
  const asking = {
    fetch: {
      fetcher,
      resolver: dnsOverHttps(dnsResolver, fetcher),
      isOwnHost: async (host: string) => (await directory.homeOf(host)) !== null,
      devOrigins: devKeyOrigins,
    },
    clock,
    deadline: (ms: number) => AbortSignal.timeout(ms),
    sign,
  };
  const keys = new KeyResolver({ ...asking, memory: isolateMemory(cacheMemory(caches.default)), keepAlive });
  const names = new ActorNames({ ...asking, memory: namesMemory(caches.default) });
  const questionRates = new ArrivalRates();
  const linkOf = (homeId: string): DurableObjectStub<LinkObject> => env.LINK.get(env.LINK.idFromName(homeId));
  const awayOf: WhetherAway = async (homeId, { name, hosts }) => {
    const { presence } = await linkOf(homeId).told();
    return absenceOf(name, hosts, presence, clock.now());
  };
  return {
    clock,
    directory,
    operatorKey,
    about,
    registry: new Registry(env.DIRECTORY, clock),
    claims: new ClaimDesk(env.DIRECTORY, clock, random),
    keys: new KeyDesk(env.DIRECTORY, clock),
    keyFence: new KeyFence(linkOf),
    said: new HomeSaid(env.STORE, clock, keepAlive),
    copies: new Copies({ store: env.STORE, clock, keepAlive }),
    documents: {
      accept: activityTypes,
      isDocument: isActivityType,
      read: readPublicDocument,
      sign: async (homeId, names, url, headers) => await signQuestion({ clock, sign }, homeId, names, url, headers),
    },
    store: env.STORE,
    links: env.LINK,
    linkOf,
    spoolObject,
    spoolOf: oncePerHome((homeId) => new SpoolClient({ homeId, spools: env.SPOOL, store: env.STORE, clock, pause })),
    edgeKeyPem: rememberedPerHome(async (homeId) => await spoolObject(homeId).edgeKeyPem()),
    answerLeft: answerDocument,
    wellKnown: joined(webFingerTable),
    admitReader: async (homeId, request, snapshot) =>
      await admitReader({ keys, names, questionRates, clock, random }, homeId, request, snapshot),
    status: new StatusReader({
      clock,
      keepAlive,
      linkTold: async (homeId) => {
        const { presence, history } = await linkOf(homeId).told();
        return { presence, history, services: presence.services ?? null };
      },
      standing: async (homeId) => await spoolObject(homeId).standing(),
    }),
    activityPub: {
      keys,
      undecidedOrigins: new UndecidedOrigins(),
      arrivalRates: new ArrivalRates(),
      clock,
      random,
      report,
      awayOf,
    },
  };
}

/** Asked for once per home and isolate: it never changes. */
function rememberedPerHome(ask: (homeId: string) => Promise<string>): (homeId: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (homeId) => {
    const answer = known.get(homeId) ?? (await ask(homeId));
    if (known.size < limits.memoryEntries) known.set(homeId, answer);
    return answer;
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

/** What became of a POST to an inbox. What was stored is followed by its id: `delivery-answered` is the spool object's. */
function report(request: Request, received: Received): void {
  const path = urlOf(request).pathname;
  if (received.verdict === 'refused') {
    say('warn', 'inbox-refused', { path, kind: received.kind, reason: received.reason });
    return;
  }
  if (received.verdict !== 'spooled') return;
  const { id: delivery, undecided } = received;
  const { put } = received.put;
  if (put === 'stored') say('info', 'delivery-stored', { delivery, path, undecided });
  else if (put !== 'duplicate') say('warn', 'inbox-refused', { path, kind: put, reason: undecided });
}
