// Asks the judge whether who signed this question may be told what its service shows only to such, and says no in words
// that harm nobody: 401 to who did not prove anything, so that it signs; 403 to whom home blocks; 503 to who could not be
// judged, so that it comes again. Never 404 or 410.

import type { Clock, Random } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { keyOrigin } from '../../../shared/signature/key-origin.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { problem } from '../../http/problem.ts';
import { retryAfterSecondsFor } from '../../http/retry-after.ts';
import type { ArrivalRates } from '../arrival-rates.ts';
import { allowListsAt, blocksIn } from '../blocked-domains.ts';
import type { Keys } from '../keys.ts';
import { namingOf, prove } from '../proving.ts';
import { signedRequestOf } from '../signed-request.ts';
import { concludeNames, concludeReading, type ReadingVerdict, readClaim } from './judge.ts';
import type { ActorNames } from './names.ts';

export interface AdmitPorts {
  readonly keys: Keys;
  readonly names: Pick<ActorNames, 'of'>;
  /** Of questions, and not of deliveries: neither takes up what is the other's. */
  readonly questionRates: ArrivalRates;
  readonly clock: Clock;
  readonly random: Random;
}

/** null: it may read. */
export async function admitReader(
  ports: AdmitPorts,
  homeId: string,
  request: Request,
  snapshot: Snapshot,
): Promise<Response | null> {
  const verdict = await judged(ports, homeId, request, snapshot);
  switch (verdict.verdict) {
    case 'accepted':
      return null;
    case 'refused':
      if (verdict.kind === 'blocked') return problem(403, 'blocked');
      // draft-cavage-12 section 3.1.1: what a GET is to be signed over.
      return problem(401, 'unsigned-question', { challenge: 'Signature headers="(request-target) host date"' });
    case 'undecided':
      // What could not be had is forgotten by then.
      return problem(503, 'try-again', {
        retryAfterSeconds: retryAfterSecondsFor(verdict.waitMs ?? limits.keyFailureMs, ports.random),
      });
  }
}

async function judged(
  { keys, names, questionRates, clock }: AdmitPorts,
  homeId: string,
  request: Request,
  snapshot: Snapshot,
): Promise<ReadingVerdict> {
  const signed = signedRequestOf(request);
  const claim = readClaim({
    request: signed,
    receivedAt: clock.now(),
    ...(blocksIn(snapshot) ?? { blockedDomains: undefined }),
    allowLists: allowListsAt(snapshot, new URL(request.url).host),
  });
  if ('verdict' in claim) return claim;
  const { keyId } = claim.signature;
  const naming = namingOf(homeId, signed, request.headers.get('CF-Connecting-IP'));
  // Who signs anything at all gets so far, and names whose key is asked for: keys that are there count as no misses.
  const tooMany = questionRates.refusal(keyOrigin(keyId), naming, clock.now());
  if (tooMany !== null) return { verdict: 'undecided', reason: tooMany.reason, waitMs: tooMany.leftMs };
  const proven = await prove(keys, snapshot, keyId, naming, async (answer) => await concludeReading(claim, answer));
  if (proven.verdict !== 'accepted' || proven.named) return proven;
  return concludeNames(proven, claim.lists, await names.of(proven.owner, naming));
}
