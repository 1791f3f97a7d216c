// What is known beforehand of the servers that people run at home, by the kind that porchlight.toml names: where they
// listen, where they are delivered to, what they can verify, what pace they bear. Each is a default that the owner may
// overrule. Read in each project's source (docs/compatibility.md, "Home's services", says which).

import type { SignatureKind } from '../snapshot.ts';

export interface KnownSoftware {
  /** As its own people write it. */
  readonly title: string;
  /** Origin of the application server itself, as it listens without being told otherwise. */
  readonly url: string;
  /** Path that it answers with success while it is well; null: it has none in all versions. */
  readonly health: string | null;
  /** Where it is delivered to: exact paths first, then those with `{name}` (shared/inbox-path.ts). */
  readonly inboxes: readonly string[];
  readonly signatures: readonly SignatureKind[];
  /** Deliveries that it works on at once, and takes per second, without refusing any. */
  readonly parallel: number;
  readonly perSecond: number | null;
  /** The same of each address of those who sent them, where it counts by that; null: as many. */
  readonly perSecondOfAddress: number | null;
  /**
   * It answers before it has done its work, and works on several at once: so long it may take for what it took, ms. 0: it has
   * done it when it answers, or keeps to the order by itself.
   */
  readonly settleMs: number;
  /** The database that home can read what it leaves from; null: none. */
  readonly database: 'postgres' | 'postgres or sqlite' | 'postgres or mysql' | null;
}

export const softwareKinds = ['mastodon', 'gotosocial', 'peertube', 'pixelfed', 'misskey', 'hollo', 'lemmy'] as const;
export type SoftwareKind = (typeof softwareKinds)[number];

export const knownSoftware: Readonly<Record<SoftwareKind, KnownSoftware>> = {
  mastodon: {
    title: 'Mastodon',
    url: 'http://127.0.0.1:3000',
    health: '/health',
    // config/routes.rb: `/ap/users/ID` since numeric addresses (id_scheme), the instance actor's beside them.
    inboxes: ['/inbox', '/actor/inbox', '/users/{name}/inbox', '/ap/users/{name}/inbox'],
    // RFC 9421 since 4.5.
    signatures: ['cavage', 'rfc9421'],
    parallel: 8,
    perSecond: null,
    perSecondOfAddress: null,
    settleMs: 0,
    database: 'postgres',
  },
  gotosocial: {
    title: 'GoToSocial',
    url: 'http://127.0.0.1:8080',
    health: null,
    // It has no shared inbox: one copy comes for each recipient.
    inboxes: ['/users/{name}/inbox'],
    signatures: ['cavage'],
    // advanced-throttling-multiplier 8 for each processor; advanced-rate-limit-requests 300 in 5 minutes, of an address in
    // X-Forwarded-For.
    parallel: 4,
    perSecond: null,
    perSecondOfAddress: 1,
    settleMs: 0,
    database: 'postgres or sqlite',
  },
  peertube: {
    title: 'PeerTube',
    url: 'http://127.0.0.1:9000',
    health: '/api/v1/ping',
    inboxes: ['/inbox', '/accounts/{name}/inbox', '/video-channels/{name}/inbox'],
    signatures: ['cavage'],
    // rates_limit.activity_pub: 500 in 10 seconds.
    parallel: 8,
    perSecond: 40,
    perSecondOfAddress: null,
    settleMs: 0,
    database: 'postgres',
  },
  pixelfed: {
    title: 'Pixelfed',
    url: 'http://127.0.0.1',
    health: null,
    inboxes: ['/f/inbox', '/i/actor/inbox', '/users/{name}/inbox'],
    signatures: ['cavage'],
    parallel: 4,
    perSecond: null,
    perSecondOfAddress: null,
    settleMs: 0,
    database: 'postgres or mysql',
  },
  misskey: {
    title: 'Misskey',
    url: 'http://127.0.0.1:3000',
    health: null,
    inboxes: ['/inbox', '/users/{name}/inbox'],
    signatures: ['cavage'],
    parallel: 8,
    perSecond: null,
    perSecondOfAddress: null,
    settleMs: 5_000,
    database: 'postgres',
  },
  hollo: {
    title: 'Hollo',
    url: 'http://127.0.0.1:3000',
    health: null,
    inboxes: ['/inbox', '/@{name}/inbox'],
    signatures: ['cavage', 'rfc9421'],
    parallel: 8,
    perSecond: null,
    perSecondOfAddress: null,
    settleMs: 5_000,
    database: 'postgres',
  },
  lemmy: {
    title: 'Lemmy',
    url: 'http://127.0.0.1:8536',
    health: null,
    // Since 1.0 there is `/inbox` alone; before, each person and community had one besides.
    inboxes: ['/inbox', '/u/{name}/inbox', '/c/{name}/inbox'],
    signatures: ['cavage'],
    parallel: 8,
    perSecond: null,
    perSecondOfAddress: null,
    settleMs: 0,
    database: 'postgres',
  },
};

/** null: nothing is known of this kind beforehand. */
export function softwareOf(kind: string | null): KnownSoftware | null {
  return softwareKinds.some((one) => one === kind) ? knownSoftware[kind as SoftwareKind] : null;
}

/** Forks that keep to what their origin does where Porchlight looks, and the rest of the fediverse. */
const others: readonly (readonly [RegExp, SoftwareKind | 'activitypub'])[] = [
  [/glitch|hometown/i, 'mastodon'],
  [/^gts$|go-?to-?social/i, 'gotosocial'],
  [/masto/i, 'mastodon'],
  [/peertube/i, 'peertube'],
  [/pixelfed/i, 'pixelfed'],
  [/^misskey/i, 'misskey'],
  [/lemmy/i, 'lemmy'],
  [/hollo/i, 'hollo'],
  [
    /akkoma|pleroma|sharkey|firefish|iceshrimp|friendica|wordpress|writefreely|mbin|piefed|funkwhale|bookwyrm|snac|ktistec|bonfire|hubzilla|nodebb|ghost|fediverse|activity/i,
    'activitypub',
  ],
];

/** The kind that somebody probably meant who wrote another word; null: who knows. */
export function kindMeantBy(word: string): SoftwareKind | 'activitypub' | null {
  return others.find(([known]) => known.test(word))?.[1] ?? null;
}
