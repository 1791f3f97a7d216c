// The snapshot: what home leaves at the edge so that strangers can be answered while it sleeps. Home makes it,
// the edge only reads it. Everything in it is public. Later versions replace earlier ones whole.

import type { Acceptance } from './acceptance/acceptance.ts';
import type { Proof } from './verdict.ts';

export type SignatureKind = Proof['by'];

/** What the edge must know of one service to judge and to spool for it. */
export interface ServiceProfile {
  /** Home's own name for it: a delivery carries it. */
  readonly name: string;
  readonly hosts: readonly string[];
  /** Paths that take ActivityPub deliveries: exact ones, and some with `{name}` (shared/inbox-path.ts). */
  readonly inboxes: readonly string[];
  /** What this software can verify; the edge accepts nothing else, awake or asleep. */
  readonly signatures: readonly SignatureKind[];
  /** What its people have after the `@`, where its owner says so and it is not one of `hosts`. */
  readonly accountDomain?: string;
  /** All its accounts are in the snapshot. Missing (earlier homes): only `Snapshot.complete` says so, for all services. */
  readonly tellsAccounts?: boolean;
  /** The same in detail, within those kinds. Homes of an earlier version do not say it. */
  readonly accepts?: Acceptance;
  /** While home or this service is away, its inboxes answer 503 instead of taking deliveries: its owner chose so. */
  readonly defers?: true;
  /**
   * The service answers ActivityPub questions only to who signs them, and not to every server. While it is away the edge
   * judges as it would (edge/activitypub/authorized-fetch/judge.ts). Missing: it answers anybody.
   */
  readonly authorizedFetch?: boolean;
  /**
   * It federates with these domains only: a domain as it is spelt, `*.` before one for all that is below it. Nobody else is
   * told an ActivityPub document of it from a copy, and `authorizedFetch` is said beside it; pages that people ask for are
   * not meant. Missing: it has no such list.
   */
  readonly allowedDomains?: readonly string[];
}

/** RFC 7033 section 4.4, for one account. `subject` and `aliases` are what a `resource` may name. */
export interface WebFingerAccount {
  readonly subject: string;
  readonly aliases: readonly string[];
  readonly links: readonly WebFingerLink[];
  /** Section 4.4.3. */
  readonly properties?: Readonly<Record<string, string | null>>;
}

export interface WebFingerLink {
  readonly rel: string;
  readonly type?: string;
  readonly href?: string;
  readonly template?: string;
  readonly properties?: Readonly<Record<string, string | null>>;
  readonly titles?: Readonly<Record<string, string | null>>;
}

/** A link that home's owner adds to what WebFinger says of an account, as an OpenID issuer; never `self`. */
export interface AccountLink {
  /** `user@host`, or `*@host` for everybody there. */
  readonly account: string;
  readonly rel: string;
  readonly href: string;
}

/** A public document that the edge answers to strangers word for word (an actor, an object). */
export interface PublicDocument {
  readonly host: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** The address of an object that home deleted: an id that nothing will ever have again. */
export interface GoneObject {
  readonly host: string;
  /** With its query, if it has one. */
  readonly path: string;
}

export interface Snapshot {
  /** Rises with every snapshot of this home; the edge refuses an older one. */
  readonly version: number;
  /** ms since the epoch; the edge puts its own time here when it takes the snapshot. */
  readonly madeAt: number;
  /** BCP 47; the language of the pages that the edge makes itself. */
  readonly language: string;
  /** The site's name as visitors know it. */
  readonly title: string;
  /** False while some service of home has never said what it leaves: a name that is not here may still be somebody's. */
  readonly complete: boolean;
  readonly services: readonly ServiceProfile[];
  readonly accounts: readonly WebFingerAccount[];
  /** nodeinfo 2.1 document (http://nodeinfo.diaspora.software/ns/schema/2.1), or null when home runs no such service. */
  readonly nodeinfo: Readonly<Record<string, unknown>> | null;
  /**
   * The same of each host that has a server of its own; null: it must be asked itself. Other hosts, and without this all,
   * have `nodeinfo`.
   */
  readonly nodeinfos?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
  /** For accounts that the services themselves answer for; those in `accounts` have theirs already. */
  readonly links?: readonly AccountLink[];
  readonly documents: readonly PublicDocument[];
  /** Bloom filter over the URIs of actors that home has met (shared/known-actors/bloom.ts). */
  readonly knownActors: BloomFilterData;
  /**
   * Where that is a filter of everybody, because some service did not say whom it met: of those whom somebody surely met. Of
   * them a deletion is kept also when its key is gone. Missing: nobody is surely met.
   */
  readonly metActors?: BloomFilterData;
  /**
   * Domains that home's services want nothing to do with, each with all that is below it. Missing: home cannot say, and
   * nobody is told what a service with `authorizedFetch` shows to some servers only.
   */
  readonly blockedDomains?: readonly string[];
  /**
   * What `blockedDomains` would say, of a home of which a service has `allowedDomains`; that one is missing then. An edge
   * that knows no such lists takes it for not told, and shows nobody what is shown to some servers only.
   */
  readonly blockedBesideAllowed?: readonly string[];
  /**
   * Of what either of these has, what is not blocked after all: a domain with all that is below it, or `*.` before one for
   * what is below it alone; the longest counts (shared/domain-lists.ts). Missing: nothing. An earlier edge blocks these too.
   */
  readonly sparedDomains?: readonly string[];
  /** What is answered with 410, and nothing else is: peers delete what is so answered. Missing: nothing. */
  readonly gone?: readonly GoneObject[];
  /**
   * Keys of actors whose deliveries home's services have taken, the most useful first: they need no question. The keys are
   * public, whose they are is told to nobody.
   */
  readonly actorKeys?: readonly ActorKey[];
}

/** A key as its owner published it, and as home's service has it. */
export interface ActorKey {
  readonly keyId: string;
  /** URI of the actor, on the host of `keyId`. */
  readonly owner: string;
  /** SPKI or PKCS#1, in PEM. */
  readonly publicKeyPem: string;
  /**
   * What the actor has after the `@`, as the service noted it; in small letters. Missing: it may be any, and who wants to
   * know it asks the actor's own server.
   */
  readonly domain?: string;
}

export interface BloomFilterData {
  /** Bits, base64url without padding; bit i is (byte[i >> 3] >> (i & 7)) & 1. */
  readonly bits: string;
  readonly hashes: number;
}
