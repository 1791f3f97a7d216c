// How an adapter is made of what is known of one server software: the other half of the contract. A file per software
// says, as data, what that software is; what its answers come to follows from it here, in one way for all of them.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import type { Delivery, HeaderList, Outcome } from '../../shared/delivery.ts';
import type { SignatureKind } from '../../shared/snapshot.ts';
import { receiptHeadersFor } from '../receipts/receipt-headers.ts';
import type { Issuer } from '../receipts/service-receipts.ts';
import { type Adapter, outcomeByStatus, type ServiceAnswer, type Traits, undecidedTries } from './adapter.ts';
import { latenessOf } from './lateness.ts';

/**
 * Questions to its database, in SQL that reads. Each list is of all versions: questions whose tables are not there are
 * passed over, what the others say is put together.
 */
export interface Reads {
  /** `name`: of accounts that live here, before the @. */
  readonly accounts: readonly string[];
  /** `uri`: of actors elsewhere. */
  readonly actors: readonly string[];
  /** `domain`: of servers that this one takes nothing from. */
  readonly blocks: readonly string[];
  /** Such a block is for the name alone. Absent: for all that is below it, too. */
  readonly blocksAreExact?: boolean;
  /** `domain`: of servers for which a milder rule holds, whatever stands above them; the longest counts. Absent: there are none. */
  readonly milder?: readonly string[];
  /**
   * `domain`: of servers that this one federates with, and no others; `*.` before one for all that is below it. Nobody is
   * meant by a row without one. In force by having rows, or only if the owner says so (`limited_federation`). Absent: it
   * has no such list.
   */
  readonly allowed?: {
    readonly questions: readonly string[];
    readonly inForce: 'with rows' | 'if its owner says so';
    /** When no block counts of whom it names. Absent: never. */
    readonly liftsBlocks?: 'in force' | 'not in force';
  };
  /** `keyId`, `owner`, `pem`: keys of actors elsewhere, the ones heard of last first. Empty: it keeps none. */
  readonly keys: readonly string[];
  /** How home asks it as its own actor for what it shows to who signs alone; absent: it cannot. */
  readonly ownActor?: OwnActorReads;
}

export interface OwnActorReads {
  /** `keyId`, `name`, `secret`: the server's own actor, called as its host is, and its private key. */
  readonly keys: readonly string[];
  /** `uri`: posts of people here that are for all, those first that are looked for most. */
  readonly posts: readonly string[];
  /** Of the path of anything that is a post's: the path of the post. */
  readonly postPath: RegExp;
}

/** One software, as data. */
export interface ServerSoftware {
  readonly kind: string;
  readonly traits: Traits;
  /** What this version of it can verify, as it calls itself in its nodeinfo; null: it did not say. */
  readonly acceptance: (version: string | null) => Acceptance;
  readonly deduplicatesBy: string | null;
  /** Statuses by which it says that a proof does not hold, or is too old. */
  readonly unproven: readonly number[];
  /** Its failure to fetch a sender's key is answered with one of these too, so that they may pass. */
  readonly unprovenMayPass: boolean;
  /** It answers success before it has looked at the proof: what it refuses, it refuses in silence. */
  readonly isSilent: boolean;
  /** What other statuses mean, for an owner. */
  readonly says: Readonly<Record<number, string>>;
  /** Wait after a temporary refusal that names none, ms; null: the edge's own. */
  readonly retryAfterMs: number | null;
  /** Where its database has what it leaves at the edge. */
  readonly reads: Reads;
  /** Headers that it will not do without, of those that this delivery does not have; absent: it wants none. */
  readonly wants?: (delivery: Delivery) => HeaderList;
  /** It answers before it has worked and forgets that when it is stopped; absent: not so. */
  readonly work?: WorkReport;
  /** What only this software does; null: it is as everywhere. */
  readonly oddity?: (answer: ServiceAnswer, delivery: Delivery) => Outcome | null;
}

/** Where a service says how far it is: a JSON document for all, and the names of two numbers in it (`Work`). */
export interface WorkReport {
  readonly path: string;
  readonly done: string;
  readonly waiting: string;
}

export interface ServerParts {
  readonly signatures: readonly SignatureKind[];
  /** For its hook, if it can have one. */
  readonly receipts: Issuer;
  /** What the running service leaves at the edge. */
  readonly leavings: Adapter['leavings'];
  /** As its database has it; null: it has none that can be read. */
  readonly federation?: Pick<Required<Adapter>, 'federation' | 'unknownFederation'> | null;
  /** null: home cannot ask it as its own actor. */
  readonly showcase?: Required<Adapter>['showcase'] | null;
  /** null: it forgets nothing of what it took. */
  readonly work?: Required<Adapter>['work'] | null;
}

export function serverAdapter(
  software: ServerSoftware,
  { signatures, receipts, leavings, federation, showcase = null, work = null }: ServerParts,
): Adapter {
  const { kind, traits, acceptance, deduplicatesBy } = software;
  return {
    kind,
    traits,
    signatures,
    acceptsOf: ({ nodeinfo }) => acceptance(versionOf(nodeinfo)),
    knowsPages: false,
    greeter: null,
    deduplicatesBy,
    headersFor: async (delivery) => {
      const vouched = traits.hook === null ? [] : receiptHeadersFor(receipts, delivery);
      return await Promise.resolve([...(software.wants?.(delivery) ?? []), ...vouched]);
    },
    outcomeOf: (answer, delivery) => outcomeOf(software, answer, delivery),
    leavings,
    ...federation,
    ...(showcase === null ? {} : { showcase }),
    ...(work === null ? {} : { work }),
  };
}

function outcomeOf(software: ServerSoftware, answer: ServiceAnswer, delivery: Delivery): Outcome {
  const { traits, unproven, says, isSilent, retryAfterMs, oddity } = software;
  const own = oddity?.(answer, delivery) ?? null;
  if (own !== null) return own;
  const { status, at, isJudgedAtArrival = false } = answer;
  const isTaken = status >= 200 && status < 300;
  const late = at === undefined || isJudgedAtArrival ? null : latenessOf(traits, delivery, at);
  if (late !== null && (unproven.includes(status) || (isTaken && isSilent))) return { outcome: 'dead', reason: late };
  if (unproven.includes(status)) return unprovenOutcome(software, status, delivery);
  const plain = outcomeByStatus(answer, delivery);
  if (plain.outcome === 'dead') {
    const meaning = status === 413 ? tooLong(traits, delivery) : says[status];
    return meaning === undefined
      ? plain
      : { outcome: 'dead', reason: `${traits.title} answered ${status}: ${meaning}` };
  }
  if (plain.outcome !== 'later') return plain;
  const meaning = says[status];
  const reason = meaning === undefined ? plain.reason : `${traits.title} answered ${status}: ${meaning}`;
  const wait = answer.retryAfterMs ?? (status === 429 || status === 503 ? retryAfterMs : null);
  return { outcome: 'later', reason, ...(wait === null ? {} : { retryAfterMs: wait }) };
}

/**
 * The sender's key may be out of reach a while longer: where the edge could not judge the proof either, and where the
 * service does not tell this from a bad proof. Right after waking a network is often not whole yet.
 */
function unprovenOutcome(
  { traits: { title }, unprovenMayPass }: ServerSoftware,
  status: number,
  { undecided, attempts }: Delivery,
): Outcome {
  if ((undecided !== null || unprovenMayPass) && attempts < undecidedTries) {
    const edge = undecided === null ? 'though the edge could' : `nor could the edge (${undecided})`;
    return { outcome: 'later', reason: `${title} answered ${status}: it could not check the sender's proof, ${edge}` };
  }
  const reason =
    undecided === null
      ? `${title} answered ${status}: it does not accept a proof that the edge found good; its own log says why (another key since then, a host that it does not take for its own, a form of signature that it does not know)`
      : `${title} answered ${status}: it does not accept the sender's proof, which the edge could not check (${undecided})`;
  return { outcome: 'dead', reason };
}

function tooLong({ title, bodyBytes }: Traits, delivery: Delivery): string {
  const most = bodyBytes === null ? 'less' : `at most ${bodyBytes} bytes`;
  return `the body has ${delivery.bodyBytes} bytes, ${title} takes ${most}`;
}

/** NodeInfo 2.1: `software.version`. */
function versionOf(nodeinfo: Readonly<Record<string, unknown>> | null): string | null {
  const { software } = (nodeinfo ?? {}) as { readonly software?: { readonly version?: unknown } };
  return typeof software?.version === 'string' ? software.version : null;
}
