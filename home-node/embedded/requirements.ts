// What the embedded home requires of a delivery before Fedify verifies it: the same rules that the edge applies, so that
// home does not depend on the edge having applied them, and that every key that can prove it belongs to the actor's origin.

import { requireDigests } from '../../shared/signature/digest.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { requireProof } from '../../shared/signature/require.ts';
import type { Provenance } from './activity.ts';
import { readActivityBody } from './activity-body.ts';
import { wrongOf, wrongOfHandedOn } from './body-proofs.ts';

export type Requirements =
  | { readonly met: true; readonly provenance: Provenance }
  /** `reason` may be shown to the sender. */
  | { readonly met: false; readonly status: 400 | 401; readonly reason: string };

/** `judgedAt`: the time of arrival that home vouches for, or this moment. */
export async function requirementsOf(
  request: SignedRequest,
  body: Uint8Array<ArrayBuffer>,
  judgedAt: number,
): Promise<Requirements> {
  const reading = readActivityBody(body);
  if ('malformed' in reading) return { met: false, status: 400, reason: `Cannot read the body: ${reading.malformed}.` };
  const { actor, proofs } = reading;
  try {
    const signature = readSignature(request);
    requireProof(request, signature, judgedAt);
    await requireDigests(request, body);
    const signer = originOf(URL.parse(signature.keyId));
    // A body that names its actor in another way goes on; the listeners compare the actor that Fedify reads.
    const keyOrigin = actor === null ? signer : originOf(actor);
    if (signer === null || keyOrigin === null) {
      return {
        met: false,
        status: 401,
        reason: `The key ${signature.keyId}, or the actor, is at no address of the web.`,
      };
    }
    const isHandedOn = keyOrigin !== signer;
    const wrong = isHandedOn ? wrongOfHandedOn(proofs, keyOrigin, judgedAt) : wrongOf(proofs, keyOrigin);
    if (wrong !== null) return { met: false, status: 401, reason: wrong };
    const handedOnBy = isHandedOn ? proofs.flatMap(({ keyId }) => keyId ?? []) : null;
    return { met: true, provenance: { keyOrigin, handedOnBy, arrivedAt: judgedAt } };
  } catch (thrown) {
    if (isRefused(thrown)) return { met: false, status: 401, reason: thrown.message };
    throw thrown;
  }
}

function originOf(address: URL | null): string | null {
  return address?.protocol === 'https:' || address?.protocol === 'http:' ? address.origin : null;
}
