// Judges who may be told, in home's absence, what a service shows only to those who sign their questions (authorized
// fetch). Pure but for WebCrypto: facts in, verdict out, the cheap things first. What is behind it is what the service
// showed to a server that it had no quarrel with, so only whole servers are judged here; what a service decides person by
// person (followers, people who were blocked) is not in any copy.
//
//   what is found                                              verdict               the asker is told
//   not signed, in two ways, uncovered, stale, expired         refused, unproven     401
//   home did not say whom it blocks                            undecided             503
//   the key is of a host that home blocks                      refused, blocked      403
//   or of none of those that its service federates with        refused, blocked      403
//   key found, and the signature does not fit it               refused, unproven     401
//   key wrong, owned by another host, too weak, gone           refused, unproven     401
//   key server unreachable, failing, slow, or not asked        undecided             503
//   its owner's name is of a domain that home blocks           refused, blocked      403
//   what its owner's name is cannot be had                     undecided             503
//   all holds                                                  accepted              the copy
//
// A domain is blocked under either name that its people have: the host where the actor is, and what comes after the `@`,
// which may be another (a split domain). The second is what home's service has noted for that actor, or else what the
// actor's own server says of it (names.ts), asked for after the proof held and only where something is blocked at all.
//
// Many sign a GET over its path and leave out the query (Fedify and @misskey-dev/node-http-message-signatures by
// draft-cavage, older Mastodon), and the services that ask for signatures take that, Mastodon and GoToSocial among them. So
// it is taken here: what such a signature can be moved to is another page of what its signer may read anyway.
//
// A blocked domain is refused before its key is asked for: nobody gains by naming one.

import { isAllowed, isBlocked } from '../../../shared/domain-lists.ts';
import { limits } from '../../../shared/limits.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import { isRefused } from '../../../shared/signature/refused.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { requireProof, requireStrength } from '../../../shared/signature/require.ts';
import type { RequestSignature } from '../../../shared/signature/signature.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import type { RefusalKind } from '../../../shared/verdict.ts';
import type { KeyAnswer } from '../judge.ts';
import { isSameHost } from '../key-document.ts';

export interface ReadingFacts {
  readonly request: SignedRequest;
  /** Edge time, ms since the epoch. */
  readonly receivedAt: number;
  /** Whom home's services want nothing to do with; undefined: home did not say. */
  readonly blockedDomains: readonly string[] | undefined;
  /** Of those, whom they do not mind all the same; missing: nobody. */
  readonly sparedDomains?: readonly string[];
  /** Lists of the only domains that the services at this host federate with; missing: they have none. */
  readonly allowLists?: readonly (readonly string[])[];
}

export type ReadingVerdict =
  /** `owner` of the key. `named`: the domain of its name is known, or matters to nobody. */
  | { readonly verdict: 'accepted'; readonly owner: string; readonly named: boolean }
  | { readonly verdict: 'refused'; readonly kind: ReadingRefusal; readonly reason: string }
  /** `waitMs`: after which it may be decided, if that is known. */
  | { readonly verdict: 'undecided'; readonly reason: string; readonly waitMs?: number };

type ReadingRefusal = Extract<RefusalKind, 'unproven' | 'blocked'>;

/** What names.ts found out about an actor's names. */
export type NamesAnswer =
  /** Each domain that it goes by; none: it has no name, as servers' own actors of some software. */
  | { readonly names: 'known'; readonly domains: readonly string[] }
  | { readonly names: 'unknown'; readonly reason: string };

/** A signature of which everything holds that can be said without its key. */
export interface ReadingClaim {
  readonly signature: RequestSignature;
  /** The same over the address without its query; null: it has none, or it is not signed so. */
  readonly withoutQuery: RequestSignature | null;
  readonly lists: Lists;
}

/** Whom home's services do not want, and whom alone. */
export interface Lists {
  readonly blockedDomains: readonly string[];
  readonly sparedDomains: readonly string[];
  readonly allowLists: readonly (readonly string[])[];
}

/** Why nobody of this domain may read, after "home"; null: somebody may. */
function unwanted(domain: string, { blockedDomains, sparedDomains, allowLists }: Lists): string | null {
  if (isBlocked(domain, blockedDomains, sparedDomains)) return `blocks ${domain}`;
  return allowLists.every((allowed) => isAllowed(domain, allowed)) ? null : `federates with others than ${domain} only`;
}

export function readClaim({
  request,
  receivedAt,
  blockedDomains,
  sparedDomains = [],
  allowLists = [],
}: ReadingFacts): ReadingClaim | ReadingVerdict {
  try {
    const signature = readSignature(request);
    if (signature.keyId.length > limits.addressLength) return refused('unproven', 'the address of its key is too long');
    requireProof(request, signature, receivedAt);
    if (blockedDomains === undefined) return undecided('home did not say whom it blocks');
    const host = URL.parse(signature.keyId)?.hostname ?? '';
    if (host === '') return refused('unproven', `its key ${signature.keyId} has no address`);
    const lists: Lists = { blockedDomains, sparedDomains, allowLists };
    const why = unwanted(host, lists);
    if (why !== null) return refused('blocked', `home ${why}`);
    const [path = '', query] = request.path.split(/\?(.*)/s);
    const mayLeaveOut = query !== undefined && signature.by === 'cavage';
    const withoutQuery = mayLeaveOut ? readSignature({ ...request, path }) : null;
    return { signature, withoutQuery, lists };
  } catch (thrown) {
    if (isRefused(thrown)) return refused('unproven', thrown.message);
    throw thrown;
  }
}

export interface ReadingConclusion {
  readonly verdict: ReadingVerdict;
  /** The signature does not fit the key: perhaps the asker has a new one. */
  readonly keyMayBeOld: boolean;
}

export async function concludeReading(claim: ReadingClaim, answer: KeyAnswer): Promise<ReadingConclusion> {
  switch (answer.key) {
    case 'found':
      return await concludeWith(claim, answer);
    case 'gone':
    case 'not-found':
      return settled(refused('unproven', `the key ${claim.signature.keyId} is gone`));
    case 'unusable':
      return settled(refused('unproven', answer.reason));
    case 'failed':
    case 'limited':
    case 'slow':
      return settled(undecided(answer.reason));
  }
}

async function concludeWith(
  { signature, withoutQuery, lists }: ReadingClaim,
  { publicKey, owner, domain }: Extract<KeyAnswer, { key: 'found' }>,
): Promise<ReadingConclusion> {
  const { keyId } = signature;
  if (!isSameHost(owner, keyId))
    return settled(refused('unproven', `the key ${keyId} is of ${owner}, at another host`));
  try {
    requireStrength(publicKey);
    for (const one of [signature, withoutQuery]) {
      if (one === null || !(await verifySignature(one, publicKey))) continue;
      const why = domain === undefined ? null : unwanted(domain, lists);
      if (why !== null) return settled(refused('blocked', `home ${why}, by which it knows ${owner}`));
      const isOpen = lists.blockedDomains.length === 0 && lists.allowLists.length === 0;
      return settled({ verdict: 'accepted', owner, named: domain !== undefined || isOpen });
    }
    return { verdict: refused('unproven', `the signature does not fit the key ${keyId}`), keyMayBeOld: true };
  } catch (thrown) {
    if (isRefused(thrown)) return { verdict: refused('unproven', thrown.message), keyMayBeOld: true };
    throw thrown;
  }
}

/** Of an accepted question whose signer's name is not known yet. */
export function concludeNames(
  accepted: Extract<ReadingVerdict, { verdict: 'accepted' }>,
  lists: Lists,
  answer: NamesAnswer,
): ReadingVerdict {
  if (answer.names === 'unknown') return undecided(answer.reason);
  for (const domain of answer.domains) {
    const why = unwanted(domain, lists);
    if (why !== null) return refused('blocked', `home ${why}, by which ${accepted.owner} goes`);
  }
  return { ...accepted, named: true };
}

function settled(verdict: ReadingVerdict): ReadingConclusion {
  return { verdict, keyMayBeOld: false };
}

function refused(kind: ReadingRefusal, reason: string): ReadingVerdict {
  return { verdict: 'refused', kind, reason };
}

function undecided(reason: string): ReadingVerdict {
  return { verdict: 'undecided', reason };
}
