// Proofs that an activity carries in its body, and the rules that they keep at home before Fedify verifies them and
// after. Fedify looks at them before the request's signature, and where one holds the request's does not matter any more. So
// each must be by a key at the origin of the actor, whoever brings it: a key says itself whose it is, and only who decides
// what lies at that origin may say it of that actor.
//
// What somebody else brings is as true as what its author brings, except for one thing: it can be brought again, by
// anybody, at any time. So it must be new (`limits.handedOnMs`), it does not bring back what its author took back, and it
// never changes who follows (listeners.ts).

import type { DocumentLoader } from '@fedify/fedify';
import type { Activity } from '@fedify/vocab';
import { limits } from '../../shared/limits.ts';
import type { BodyProof } from './activity-body.ts';

/** null: they keep them. Otherwise what is wrong, which the sender may be told. */
export function wrongOf(proofs: readonly BodyProof[], actorOrigin: string): string | null {
  if (proofs.some(({ keyId }) => keyId === null)) return 'A proof in its body names no key.';
  const foreign = proofs.find(({ keyId }) => keyId !== null && mayBeFetched(keyId) && keyId.origin !== actorOrigin);
  if (foreign === undefined) return null;
  return `The key ${foreign.keyId?.href} of a proof in its body is not at the origin of the actor, ${actorOrigin}.`;
}

/** The same, of what somebody else brings: one at least, and all of them new at `arrivedAt`, ms since the epoch. */
export function wrongOfHandedOn(proofs: readonly BodyProof[], actorOrigin: string, arrivedAt: number): string | null {
  if (proofs.length === 0) {
    return `The key of the signature is not at the origin of the actor, ${actorOrigin}, and the body carries no proof.`;
  }
  const wrong = wrongOf(proofs, actorOrigin);
  if (wrong !== null) return wrong;
  return proofs.every(({ madeAt }) => isNew(madeAt, arrivedAt))
    ? null
    : 'The proof in its body was made too long ago, or in the future.';
}

/**
 * The proofs as Fedify reads them, which a context can have read otherwise than the plain way. Anything else than a whole
 * proof that came along is none of the actor's.
 */
export async function areOf(
  activity: Activity,
  actorOrigin: string,
  arrivedAt: number | null,
  contextLoader: DocumentLoader,
): Promise<boolean> {
  const documentLoader: DocumentLoader = (url) => Promise.reject(new Error(`${url} did not come along`));
  try {
    for await (const { verificationMethodId, created } of activity.getProofs({ contextLoader, documentLoader })) {
      if (verificationMethodId === null) return false;
      if (mayBeFetched(verificationMethodId) && verificationMethodId.origin !== actorOrigin) return false;
      if (arrivedAt !== null && !isNew(created?.epochMilliseconds ?? null, arrivedAt)) return false;
    }
    return true;
  } catch {
    // A proof that is only named, and would be fetched.
    return false;
  }
}

/** Others (`did:`) have no document that anybody here could have; they prove nothing, and do no harm. */
function mayBeFetched({ protocol }: URL): boolean {
  return protocol !== 'did:';
}

function isNew(madeAt: number | null, arrivedAt: number): boolean {
  if (madeAt === null) return false;
  return madeAt >= arrivedAt - limits.handedOnMs && madeAt <= arrivedAt + limits.signedTimeSkewMs;
}
