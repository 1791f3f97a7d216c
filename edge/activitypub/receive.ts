// The way of a delivery from a peer's POST into the spool: judge, ask for the key, judge again, put. Nothing is called
// accepted before the spool has committed it.

import { base64url } from 'jose';
import { acceptanceOf } from '../../shared/acceptance/of-service.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Arrival } from '../../shared/delivery.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import type { Absence } from '../../shared/presence.ts';
import { keyOrigin } from '../../shared/signature/key-origin.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import type { BloomFilterData, ServiceProfile, Snapshot } from '../../shared/snapshot.ts';
import type { Verdict } from '../../shared/verdict.ts';
import { networkOf } from '../http/public-address.ts';
import type { PutResult, Spool } from '../spool/spool.ts';
import { type Activity, readActivity } from './activity.ts';
import type { ArrivalRates } from './arrival-rates.ts';
import { type Blocks, blocksIn } from './blocked-domains.ts';
import { newDeliveryId } from './delivery-id.ts';
import { type Claim, conclude, type KeyAnswer, type Moot, mootness, read, unprovenSender } from './judge.ts';
import type { Keys, Naming } from './keys.ts';
import { namingOf, prove } from './proving.ts';
import type { UndecidedOrigins } from './undecided-origins.ts';

/** Is this service of home there now? Asked for services alone that want nothing taken for them while they are not. */
export type WhetherAway = (homeId: string, service: ServiceProfile) => Promise<Absence | null>;

export interface InboxPorts {
  readonly keys: Keys;
  readonly undecidedOrigins: UndecidedOrigins;
  readonly arrivalRates: ArrivalRates;
  readonly clock: Clock;
  readonly random: Random;
  /** null: it is there. */
  readonly awayOf: WhetherAway;
}

/** One POST to an inbox of `service`. */
export interface InboxPost {
  readonly homeId: string;
  readonly request: SignedRequest;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly remoteAddress: string | null;
  readonly service: ServiceProfile;
  readonly snapshot: Snapshot;
  readonly spool: Spool;
}

export type Received =
  | Extract<Verdict, { readonly verdict: 'refused' | 'moot' }>
  /** Its owner wants deliveries put off while the service is away. */
  | { readonly verdict: 'deferred'; readonly absence: Absence; readonly reason: string }
  /** The spool has it (`stored`, `duplicate`), or would not take it. */
  | { readonly verdict: 'spooled'; readonly id: string; readonly put: PutResult; readonly undecided: string | null };

/** Rejects when the spool cannot be reached: the sender then gets a temporary error and comes again. */
export async function receiveInbox(ports: InboxPorts, post: InboxPost): Promise<Received> {
  const receivedAt = ports.clock.now();
  const { request, body, service } = post;
  const accepts = acceptanceOf(service);
  const reading = readActivity(body, accepts.jsonDepth);
  const moot = 'activity' in reading ? await mootOf(post, reading.activity) : null;
  if (moot !== null) return moot;
  const claim = await read({ request, body, reading, receivedAt, accepts, ...blockedBy(post) });
  if ('verdict' in claim) return claim;
  const naming = namingOf(post.homeId, request, post.remoteAddress);
  const tooMany = braked(ports, naming, claim);
  if (tooMany !== null) return tooMany;
  const absence = service.defers === true ? await ports.awayOf(post.homeId, service) : null;
  // Before its key is asked for: the sender comes again with another signature.
  if (absence !== null) return { verdict: 'deferred', absence, reason: `${service.name} is away and defers` };
  const verdict = await decide(ports, post, naming, claim);
  if (verdict.verdict === 'refused' || verdict.verdict === 'moot') return verdict;
  const undecided = verdict.verdict === 'undecided' ? verdict.reason : null;
  const bodySha256 = claim.bodySha256 ?? new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  const arrival: Arrival = {
    id: newDeliveryId(ports.clock, ports.random),
    lane: 'activitypub',
    service: service.name,
    sender: verdict.sender,
    receivedAt,
    method: 'POST',
    host: request.host,
    path: request.path,
    headers: claim.headers,
    remoteAddress: post.remoteAddress,
    proof: verdict.proof,
    undecided,
    bodyBytes: body.length,
    bodySha256: base64url.encode(bodySha256),
  };
  return { verdict: 'spooled', id: arrival.id, put: await post.spool.put(arrival, body), undecided };
}

async function mootOf(post: InboxPost, activity: Activity): Promise<Moot | null> {
  return activity.ofItself === null ? null : mootness(activity, await isKnown(post, activity.actor));
}

/**
 * What home blocks is said for all of its services together, and to be refused here is final: only where there is one
 * service is it known to be that one's wish. Of several, each refuses for itself what it is brought.
 */
function blockedBy({ snapshot }: InboxPost): Blocks | undefined {
  return snapshot.services.length === 1 ? blocksIn(snapshot) : undefined;
}

/** Before anything is asked for it: of home's objects, of its key's server. */
function braked(
  { arrivalRates, clock }: InboxPorts,
  naming: Naming,
  { proof }: Claim,
): Extract<Received, { readonly verdict: 'refused' }> | null {
  const tooMany = arrivalRates.refusal(keyOrigin(proof.keyId), naming, clock.now());
  if (tooMany === null) return null;
  return { verdict: 'refused', kind: 'over-quota', reason: tooMany.reason, waitMs: tooMany.leftMs };
}

async function decide(ports: InboxPorts, post: InboxPost, naming: Naming, claim: Claim): Promise<Verdict> {
  const { keyId } = claim.proof;
  const network = post.remoteAddress === null ? null : networkOf(post.remoteAddress);
  const { homeId } = post;
  const verdict = await prove(
    ports.keys,
    post.snapshot,
    keyId,
    naming,
    async (answer) => await conclude(claim, answer, await isMet(post, claim.activity, answer)),
  );
  if (verdict.verdict !== 'undecided') return verdict;
  const waitMs = ports.undecidedOrigins.waitMs({ homeId, network }, keyOrigin(keyId), ports.clock.now());
  if (waitMs === null) return verdict;
  // The sender may come again: by then its key may be had.
  const reason = `${network} left undecided deliveries of too many origins within a day`;
  return { verdict: 'refused', kind: 'over-quota', reason, waitMs };
}

/** Whom home had met when it left the snapshot, and of whom something may be on its way to home since. */
async function isKnown({ snapshot, spool }: InboxPost, actor: string): Promise<boolean> {
  if (filterOf(snapshot.knownActors).mayContain(actor) || (await spool.mayHoldFrom(actor))) return true;
  return await spool.mayHoldFrom(unprovenSender(actor));
}

/**
 * As isKnown, and not only because home did not say whom it met: those are most of what comes, and would take up all of the
 * little room for what is undecided. Looked at of whom whose key is gone deletes itself.
 */
async function isMet(
  { snapshot, spool }: InboxPost,
  { actor, ofItself }: Activity,
  answer: KeyAnswer,
): Promise<boolean> {
  const isGone = ofItself === 'Delete' && (answer.key === 'gone' || answer.key === 'not-found');
  if (!isGone || !filterOf(snapshot.knownActors).containsAll) return true;
  if (snapshot.metActors !== undefined && filterOf(snapshot.metActors).mayContain(actor)) return true;
  return (await spool.mayHoldFrom(actor)) || (await spool.mayHoldFrom(unprovenSender(actor)));
}

/** Each read once, as long as an isolate holds its snapshot. */
const filters = new WeakMap<BloomFilterData, BloomFilter>();

function filterOf(data: BloomFilterData): BloomFilter {
  const filter = filters.get(data) ?? BloomFilter.fromData(data);
  filters.set(data, filter);
  return filter;
}
