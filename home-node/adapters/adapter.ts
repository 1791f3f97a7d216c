// The contract of an adapter: all that Porchlight knows of one kind of service software, as data and pure answers.
// Adapters import this and shared/, never each other; intake and bedtime see only this.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import type { Delivery, HeaderList, Outcome } from '../../shared/delivery.ts';
import type { ActorKey, PublicDocument, SignatureKind, WebFingerAccount } from '../../shared/snapshot.ts';
import type { GivenAnswer } from '../../shared/warming.ts';
import type { ReplayWindow } from '../receipts/window.ts';

/** Something that is not left at the edge though it is there, in words for the owner. */
export interface LeftOut {
  /** What it is of: told once, however many of it there are later. */
  readonly of: string;
  /** What was found, what follows, and what the owner can do. */
  readonly text: string;
  /** Nothing is lost by it that an owner must know of: for the log alone. */
  readonly isSmall?: true;
}

/** With whom a service has to do. Missing members: it cannot be asked, or has no such list. */
export interface Federation {
  /** Domains that the service blocks; missing: it cannot be asked, and what it shows to some servers only is shown to none. */
  readonly blockedDomains?: readonly string[];
  /** Of those, what is not blocked after all (`sparedDomains` in shared/snapshot.ts). Missing: nothing. */
  readonly sparedDomains?: readonly string[];
  /** It federates with these alone: `*.` before one for all that is below it. Missing: with whoever is not blocked. */
  readonly allowedDomains?: readonly string[];
}

/** What a service leaves at the edge at bedtime. Everything in it is public. */
export interface Leavings extends Federation {
  readonly inboxes: readonly string[];
  /** All of them; null: it cannot be asked, and WebFinger is the running service's to answer. */
  readonly accounts: readonly WebFingerAccount[] | null;
  /** Some account is not among them: who is not here is the running service's to say. */
  readonly hasUntold?: true;
  readonly nodeinfo: Readonly<Record<string, unknown>> | null;
  readonly documents: readonly PublicDocument[];
  /** URIs of every actor the service has met: followers, followed, authors of what it holds; null: it cannot be asked. */
  readonly knownActors: readonly string[] | null;
  /** Where they are more than can be left: some of them. */
  readonly knownInPart?: readonly string[];
  /** Keys of actors whose deliveries the service has taken, the most useful first; absent: it cannot be asked. */
  readonly actorKeys?: readonly ActorKey[];
  /** Paths of public pages worth warming, most important first. */
  readonly pages: readonly string[];
  /** Paths of objects that were deleted, newest first. Never one that something may have again. */
  readonly gone?: readonly string[];
  /** What of all this could not be had; absent: nothing. */
  readonly leftOut?: readonly LeftOut[];
}

/** One address of a service that shows what it has to who signs alone, as it shows it to all of those. */
export interface Shown {
  /** Another status than 200: nothing of it is for all. */
  readonly answer: GivenAnswer;
  /** Path of the post that it is or belongs to; null: of none. */
  readonly post: string | null;
  /** Posts may be named in it. */
  readonly isList: boolean;
}

/** What such a service shows at this moment, asked for as its own actor, by whose key home signs. */
export interface Showcase {
  /**
   * Asked at `base`, its loopback address. `path`: with its query. Throws `service-leavings` when the service fails, and what
   * a connection throws.
   */
  shown(base: URL, host: string, path: string, signal: AbortSignal): Promise<Shown>;
  /** Addresses of the posts that are for all, those first that are looked for most. */
  readonly posts: readonly string[];
  /** Is the post at this path for all? */
  isPublic(host: string, post: string): boolean;
}

/** Of a service that answers before it has worked, and keeps what it took in memory alone. */
export interface Work {
  /** How much it has worked on since it started. */
  readonly done: number;
  /** How much waited when it last looked. */
  readonly waiting: number;
}

/** The service's answer to one delivery, as far as an outcome depends on it. */
export interface ServiceAnswer {
  readonly status: number;
  /** Retry-After in ms, if the service gave one. */
  readonly retryAfterMs: number | null;
  /** When it answered, ms since the epoch by home's clock; absent: nobody looked. */
  readonly at?: number;
  /** Its hook took a receipt of home and judged the delivery as of its arrival: its age is no reason. */
  readonly isJudgedAtArrival?: boolean;
}

/** What is known of the software as such. */
export interface Traits {
  /** As its own people write it. */
  readonly title: string;
  /** null: it does not look at the time of signing. `unknown`: nobody knows which software it is. */
  readonly window: ReplayWindow | null | 'unknown';
  /** It refuses what is past its signature's own `expires`. */
  readonly minds: 'expires' | 'nothing more';
  /** What `porchlight hook` installs so that it judges a late delivery by the time of arrival; null: nothing can. */
  readonly hook: string | null;
  /** Bytes of a body that it takes; null: unknown. */
  readonly bodyBytes: number | null;
  /** What it bears without refusing any: deliveries at once, and per second (null: as fast as it answers). */
  readonly parallel: number;
  readonly perSecond: number | null;
  /** Of each sender's address; null: it does not count by that. */
  readonly perSecondOfAddress: number | null;
  /** false: a copy of a delivery comes for each recipient, and only its path tells them apart. */
  readonly sharedInbox: boolean;
}

/**
 * How a service speaks to peers that may have given its domain up. A service that posts by itself does that with every
 * post; this is for what would otherwise stay silent.
 */
export interface Greeter {
  /** Who should be greeted now, most urgent first, at most `most`; the names mean something to the service alone. */
  peers(base: URL, most: number, signal: AbortSignal): Promise<readonly string[]>;
  /** Resolves when the service has taken it upon itself. */
  greet(base: URL, peer: string, signal: AbortSignal): Promise<void>;
}

export interface Adapter {
  /** What the software is, as the configuration names it. */
  readonly kind: string;
  /** Absent: nothing is known. */
  readonly traits?: Traits;
  readonly signatures: readonly SignatureKind[];
  /** The same in detail (shared/acceptance/profiles.ts has one for each software); absent: nothing more is known. */
  readonly accepts?: Acceptance;
  /** The same of the version that runs, by what it left; absent: `accepts` is of all versions. */
  acceptsOf?(leavings: Leavings): Acceptance;
  /** Its leavings name the pages worth warming; otherwise they are looked for. */
  readonly knowsPages: boolean;
  /**
   * By what the service recognises a repetition ("activity id"), or null if it does not. A delivery in doubt after a
   * crash is repeated either way (at least once); null is told to the owner.
   */
  readonly deduplicatesBy: string | null;
  /** Headers that home adds so that the service judges a late delivery by its own rule at the time of receipt. */
  headersFor(delivery: Delivery, body: Uint8Array): Promise<HeaderList>;
  /** null: the service greets nobody at home's word. */
  readonly greeter: Greeter | null;
  /** What the service's answer means for the delivery. */
  outcomeOf(answer: ServiceAnswer, delivery: Delivery): Outcome;
  /**
   * Asks the running service what it leaves at the edge. `base` is its loopback address. `anew`: also what it told a while
   * ago, as at bedtime.
   */
  leavings(base: URL, signal: AbortSignal, anew?: boolean): Promise<Leavings>;
  /** Asks the running service how far it is with what it took, which it would forget if it was stopped. Absent: it forgets nothing. */
  work?(base: URL, signal: AbortSignal): Promise<Work>;
  /**
   * Of a service that shows what it has to who signs alone. null: home cannot ask as its own actor, and the edge asks as an
   * actor of its own; so it does where this is absent. Asks its database, whether it runs or not. Throws `service-database`.
   */
  showcase?(): Promise<Showcase | null>;
  /** Asks with whom it has to do now, in a moment, whether it runs or not. Absent: its leavings say all that can be had. */
  federation?(): Promise<Federation>;
  /** What is said for it while that cannot be asked: nobody is shown more than in any case. */
  readonly unknownFederation?: Federation;
}

/** Times that a refused proof is tried again when the edge could not check it either. */
export const undecidedTries = 5;

/**
 * What an answer means for services that keep to RFC 9110 and to section 7.1.2 of ActivityPub: the outcome that an
 * adapter gives unless its software differs.
 */
export function outcomeByStatus({ status, retryAfterMs }: ServiceAnswer, delivery: Delivery): Outcome {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const reason = `the service answered ${status}`;
  const passing = status >= 500 || [408, 425, 429].includes(status);
  // The sender's key was out of reach at the edge; it may be out of reach of the service for a while too.
  const mayYetBeProved = status === 401 && delivery.undecided !== null && delivery.attempts < undecidedTries;
  if (!passing && !mayYetBeProved) return { outcome: 'dead', reason };
  return { outcome: 'later', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
}
