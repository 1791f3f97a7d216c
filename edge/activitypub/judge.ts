// Judges what arrives at an inbox. Pure but for WebCrypto: facts in, verdict out, in stages, so that everything which
// can be said without asking anybody is said first.
//
//   mootness   is it news of an actor about itself, and home never met that actor? Asked first, because it is most of
//              what comes, nothing follows from it, and so it matters to nobody whether it is proven
//   read       the body, the signature, its digests, coverage and time; what is wrong here costs no question
//   conclude   with the answer about the key
//
//   what is found                                                  verdict            the sender is told
//   body too large for us or for home's service, or headers        too-large          413
//   body not UTF-8, not a JSON object, too deep, without an actor  malformed          400
//   Delete or Update of an actor about itself, never met           moot               202
//   not signed, or signed in two ways                              unproven           401
//   signed as home's service cannot verify (shared/acceptance)     unproven           401
//   uncovered, stale or future, expired, wrong digest              unproven           401
//   actor on another host than the key, and not handed on          unproven           401
//   home blocks the domain of the key                              blocked            403
//   key wrong, owned by another, too weak, not allowed, garbage    unproven           401
//   an algorithm that home's service cannot verify                 unproven           401
//   key gone (410) or not there (404)                              unproven           401
//     and a known actor deletes itself, by the key last known      as with that key
//     and no key was known, of an actor that home said it met      undecided          202, home's service decides
//     and no key was known, and home did not say whom it met       moot               202
//   key server unreachable, failing (5xx), refusing (401, 403)     undecided          202, home's service decides
//     or not asked: too many new ones at its domain, or in vain    undecided          202, home's service decides
//   key server slow                                                try-again          503
//   all holds                                                      accepted           202
//
// What is undecided of too many origins from one address is over-quota, 429: receive.ts counts, this file does not.
//
// Never 404 or 410: a peer would take the account for deleted. 400, 403 and 413 are final for most senders, so that they
// are for what no other try and no later moment would change; all else can be sent again.
//
// An activity that somebody else hands on (a relay, or the server of whom a reply was written to) is signed by that one's
// key. It is accepted as that one's where home's service looks for the proof of authorship that it carries in its body;
// that proof is not read here, and without one, or for other services, the signer must be the actor.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { requireAcceptable, requireAlgorithm } from '../../shared/acceptance/require.ts';
import type { HeaderList } from '../../shared/delivery.ts';
import { isBlocked } from '../../shared/domain-lists.ts';
import { limits } from '../../shared/limits.ts';
import { requireDigests } from '../../shared/signature/digest.ts';
import type { PublicKey } from '../../shared/signature/public-key.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { requireProof } from '../../shared/signature/require.ts';
import type { RequestSignature } from '../../shared/signature/signature.ts';
import { algorithmFor, verifySignature } from '../../shared/signature/verify.ts';
import type { Proof, RefusalKind, Verdict } from '../../shared/verdict.ts';
import { type Activity, type ActivityReading, readActivity } from './activity.ts';
import { keptHeaders } from './kept-headers.ts';
import { isSameHost } from './key-document.ts';

export interface InboxFacts {
  readonly request: SignedRequest;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The body as it was read, if it was. */
  readonly reading?: ActivityReading;
  /** Edge time, ms since the epoch. */
  readonly receivedAt: number;
  /** What home's service can verify. */
  readonly accepts: Acceptance;
  /** Domains that home wants nothing from. */
  readonly blockedDomains?: readonly string[];
  /** Of those, from which it takes all the same. */
  readonly sparedDomains?: readonly string[];
}

/** A delivery of which everything holds that can be checked without its key. */
export interface Claim {
  readonly signature: RequestSignature;
  readonly proof: Proof;
  readonly activity: Activity;
  /** Those that go on to home's service. */
  readonly headers: HeaderList;
  /** SHA-256 of the body, if a digest that it came with was that. */
  readonly bodySha256: Uint8Array<ArrayBuffer> | null;
  readonly accepts: Acceptance;
}

export type Refused = Extract<Verdict, { readonly verdict: 'refused' }>;
export type Moot = Extract<Verdict, { readonly verdict: 'moot' }>;

export interface KnownKey {
  readonly publicKey: PublicKey;
  readonly owner: string;
  /** What its owner has after the `@`, as home's service noted it; missing: nobody said. */
  readonly domain?: string;
}

/** What keys.ts found out about a key. */
export type KeyAnswer =
  | ({ readonly key: 'found' } & KnownKey)
  /** Its server says that there is none: for good (410), or not now (404). `last`: as it was known before. */
  | { readonly key: 'gone' | 'not-found'; readonly last?: KnownKey }
  /** Not to be had now, and maybe later: asked for in vain, or (`limited`) not asked for. */
  | { readonly key: 'failed' | 'limited'; readonly reason: string }
  | { readonly key: 'slow'; readonly reason: string }
  /** May not be asked for, or its answer cannot be used. */
  | { readonly key: 'unusable'; readonly reason: string };

export async function read(facts: InboxFacts): Promise<Claim | Refused> {
  const { accepts } = facts;
  const mostBytes = Math.min(accepts.bodyBytes, limits.inboxBodyBytes);
  if (facts.body.length > mostBytes) return refusal('too-large', `the body has ${facts.body.length} bytes`);
  const headers = keptHeaders(facts.request.headers);
  if (headers === null) return refusal('too-large', 'its headers are too long to be kept');
  const reading = facts.reading ?? readActivity(facts.body, accepts.jsonDepth);
  if ('malformed' in reading) return refusal('malformed', `the body cannot be read: ${reading.malformed}`);
  const { activity } = reading;
  try {
    const signature = readSignature(facts.request);
    requireAcceptable(facts.request, signature, accepts);
    if (signature.keyId.length > limits.addressLength) return refusal('unproven', 'the address of its key is too long');
    requireProof(facts.request, signature, facts.receivedAt);
    const bodySha256 = await requireDigests(facts.request, facts.body);
    const lost = signature.covered.find(
      (name) => isField(name) && !headers.some(([each]) => each.toLowerCase() === name),
    );
    if (lost !== undefined) return refusal('unproven', `it covers ${lost}, which is not passed on to home's service`);
    if (!mayBeHandedOn(activity, accepts) && !isSameHost(activity.actor, signature.keyId)) {
      return refusal('unproven', `the actor ${activity.actor} is not on the host of the key ${signature.keyId}`);
    }
    // Of what is handed on, that of who brings it: whom it is from, home's service looks at itself.
    const host = URL.parse(signature.keyId)?.hostname ?? '';
    if (isBlocked(host, facts.blockedDomains ?? [], facts.sparedDomains))
      return refusal('blocked', `home blocks ${host}`);
    const proof: Proof = { by: signature.by, keyId: signature.keyId };
    return { signature, proof, activity, headers, bodySha256, accepts };
  } catch (thrown) {
    if (isRefused(thrown)) return refusal('unproven', thrown.message);
    throw thrown;
  }
}

/** `isKnown`: home may have met this actor, or something of it may be on its way there. */
export function mootness(activity: Activity, isKnown: boolean): Moot | null {
  if (isKnown || activity.ofItself === null) return null;
  return { verdict: 'moot', reason: `${activity.ofItself} of ${activity.actor}, whom home never met` };
}

export interface Conclusion {
  readonly verdict: Verdict;
  /** The signature does not fit the key: perhaps the sender has a new one. */
  readonly keyMayBeOld: boolean;
}

/** `isMet`: home said that it met this actor, or something of it is on its way there; asked of a key that is gone. */
export async function conclude(claim: Claim, answer: KeyAnswer, isMet = true): Promise<Conclusion> {
  const { proof, activity } = claim;
  switch (answer.key) {
    case 'found':
      return await concludeWith(claim, answer.publicKey, answer.owner);
    case 'failed':
    case 'limited':
      return settled(undecided(claim, answer.reason));
    case 'gone':
    case 'not-found': {
      const reason = `the key ${proof.keyId} is ${answer.key === 'gone' ? 'gone' : 'not there'}`;
      if (activity.ofItself !== 'Delete') return settled(refusal('unproven', reason));
      // Its key goes with the actor. What it signed before is as good as it was.
      if (answer.last !== undefined) return await concludeWith(claim, answer.last.publicKey, answer.last.owner);
      // ActivityPub and HTTP Signatures (SWICG), on deleted actors: a key that is gone says so itself, one that is not there
      // says nothing. Home's service may still have either, and judges by that.
      if (isMet) return settled(undecided(claim, reason));
      // Else these would take up what little room there is for the undecided: they are most of what comes.
      return settled({ verdict: 'moot', reason: `${reason}, and home did not say that it met its owner` });
    }
    case 'unusable':
      return settled(refusal('unproven', answer.reason));
    case 'slow':
      return settled(refusal('try-again', answer.reason));
  }
}

async function concludeWith(claim: Claim, publicKey: PublicKey, owner: string): Promise<Conclusion> {
  const { proof, activity, signature, accepts } = claim;
  if (owner !== activity.actor && !mayBeHandedOn(activity, accepts)) {
    return settled(refusal('unproven', `the key ${proof.keyId} is ${owner}'s, not ${activity.actor}'s`));
  }
  try {
    requireAlgorithm(algorithmFor(signature, publicKey), signature.by, accepts);
    if (await verifySignature(signature, publicKey)) return settled({ verdict: 'accepted', sender: owner, proof });
    const verdict = refusal('unproven', `the signature does not fit the key ${proof.keyId}`);
    return { verdict, keyMayBeOld: true };
  } catch (thrown) {
    if (isRefused(thrown)) return { verdict: refusal('unproven', thrown.message), keyMayBeOld: true };
    throw thrown;
  }
}

/** Home's service will ask who made it, and not only who brought it. */
function mayBeHandedOn(activity: Activity, accepts: Acceptance): boolean {
  return accepts.forwarded === true && activity.carriesProof;
}

/** Not `(request-target)`, nor `@method`. */
function isField(component: string): boolean {
  return !/^[(@]/.test(component);
}

function settled(verdict: Verdict): Conclusion {
  return { verdict, keyMayBeOld: false };
}

/**
 * What order is kept for while nobody can say whether it is this actor: a line of its own, so that what strangers send
 * in somebody's name never stands before what that somebody proved.
 */
export function unprovenSender(actor: string): string {
  return `unproven ${actor}`;
}

function undecided({ proof, activity }: Claim, reason: string): Verdict {
  return { verdict: 'undecided', sender: unprovenSender(activity.actor), proof, reason };
}

function refusal(kind: RefusalKind, reason: string): Refused {
  return { verdict: 'refused', kind, reason };
}
