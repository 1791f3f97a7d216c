// Judges who may be told, in home's absence, what a service shows only to those who sign their questions (authorized
// fetch). Pure but for WebCrypto: facts in, verdict out, the cheap things first. What is behind it is what the service
// showed to a server that it had no quarrel with, so only whole servers are judged here; what a service decides person by
// person (followers, people who were blocked) is not in any copy.
//
//   what is found                                              verdict       the asker is told
//   not signed, in two ways, uncovered, stale, expired         unproven      401
//   the key is of a domain that home blocks                    blocked       403
//   home did not say whom it blocks                            undecidable   503
//   key found, and the signature does not fit it               unproven      401
//   key wrong, owned by another host, too weak, gone           unproven      401
//   its owner is of a domain that home blocks                  blocked       403
//   key server unreachable, failing, slow, or not asked        undecidable   503
//   all holds                                                  may-read      the copy
//
// Many sign a GET over its path and leave out the query (Fedify and @misskey-dev/node-http-message-signatures by
// draft-cavage, older Mastodon), and the services that ask for signatures take that, Mastodon and GoToSocial among them. So
// it is taken here: what such a signature can be moved to is another page of what its signer may read anyway.
//
// A blocked domain is refused before its key is asked for: nobody gains by naming one.

import { limits } from '../../../shared/limits.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import { isRefused } from '../../../shared/signature/refused.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { requireProof, requireStrength } from '../../../shared/signature/require.ts';
import type { RequestSignature } from '../../../shared/signature/signature.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { isBlocked } from '../blocked-domains.ts';
import type { KeyAnswer } from '../judge.ts';
import { isSameHost } from '../key-document.ts';

export interface ReadingFacts {
  readonly request: SignedRequest;
  /** Edge time, ms since the epoch. */
  readonly receivedAt: number;
  /** Whom home's services want nothing to do with; undefined: home did not say. */
  readonly blockedDomains: readonly string[] | undefined;
}

export type ReadingVerdict =
  | { readonly verdict: 'may-read'; readonly keyId: string }
  | { readonly verdict: 'unproven' | 'blocked' | 'undecidable'; readonly reason: string };

/** A signature of which everything holds that can be said without its key. */
export interface ReadingClaim {
  readonly signature: RequestSignature;
  /** The same over the address without its query; null: it has none, or it is not signed so. */
  readonly withoutQuery: RequestSignature | null;
  readonly blockedDomains: readonly string[];
}

export function readClaim({ request, receivedAt, blockedDomains }: ReadingFacts): ReadingClaim | ReadingVerdict {
  try {
    const signature = readSignature(request);
    if (signature.keyId.length > limits.addressLength) return no('unproven', 'the address of its key is too long');
    requireProof(request, signature, receivedAt);
    if (blockedDomains === undefined) return no('undecidable', 'home did not say whom it blocks');
    const host = URL.parse(signature.keyId)?.hostname ?? '';
    if (host === '') return no('unproven', `its key ${signature.keyId} has no address`);
    if (isBlocked(host, blockedDomains)) return no('blocked', `home blocks ${host}`);
    const [path = '', query] = request.path.split(/\?(.*)/s);
    const mayLeaveOut = query !== undefined && signature.by === 'cavage';
    const withoutQuery = mayLeaveOut ? readSignature({ ...request, path }) : null;
    return { signature, withoutQuery, blockedDomains };
  } catch (thrown) {
    if (isRefused(thrown)) return no('unproven', thrown.message);
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
      return settled(no('unproven', `the key ${claim.signature.keyId} is gone`));
    case 'unusable':
      return settled(no('unproven', answer.reason));
    case 'failed':
    case 'limited':
    case 'slow':
      return settled(no('undecidable', answer.reason));
  }
}

async function concludeWith(
  { signature, withoutQuery, blockedDomains }: ReadingClaim,
  { publicKey, owner }: Extract<KeyAnswer, { key: 'found' }>,
): Promise<ReadingConclusion> {
  const { keyId } = signature;
  if (!isSameHost(owner, keyId)) return settled(no('unproven', `the key ${keyId} is of ${owner}, at another host`));
  const host = URL.parse(owner)?.hostname ?? '';
  if (isBlocked(host, blockedDomains)) return settled(no('blocked', `home blocks ${host}`));
  try {
    requireStrength(publicKey);
    for (const one of [signature, withoutQuery]) {
      if (one !== null && (await verifySignature(one, publicKey))) return settled({ verdict: 'may-read', keyId });
    }
    return { verdict: no('unproven', `the signature does not fit the key ${keyId}`), keyMayBeOld: true };
  } catch (thrown) {
    if (isRefused(thrown)) return { verdict: no('unproven', thrown.message), keyMayBeOld: true };
    throw thrown;
  }
}

function settled(verdict: ReadingVerdict): ReadingConclusion {
  return { verdict, keyMayBeOld: false };
}

function no(verdict: 'unproven' | 'blocked' | 'undecidable', reason: string): ReadingVerdict {
  return { verdict, reason };
}
