// An operator's call: how whoever runs an edge proves it on plain HTTP requests (docs/protocol.md, "Operator calls").
// Signed by the operator's own key over exactly this request and the time. The time is there because no session is: it
// bounds how long a recorded call could be sent again, and every call is harmless when it is.

import type { CryptoKey } from 'jose';
import { PorchlightError } from '../errors.ts';
import { limits } from '../limits.ts';
import { readStatement, signStatement } from '../statement.ts';

export interface OperatorCallClaims {
  /** Origin at which the edge is addressed. */
  readonly edge: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** SHA-256 of the body, base64url. */
  readonly body: string;
  /** When it was signed by the operator's clock, ms since the epoch. */
  readonly at: number;
}

const type = 'porchlight-operator';
export const operatorScheme = 'Porchlight-Operator';
export const operatorPath = '/.porchlight/v1/operator';

export async function signOperatorCall(claims: OperatorCallClaims, privateKey: CryptoKey): Promise<string> {
  return await signStatement(type, claims, privateKey);
}

/** What a call says, once its signature holds. Throws `operator-call-refused`. */
export async function readOperatorCall(jws: string, publicKey: CryptoKey): Promise<OperatorCallClaims> {
  try {
    return (await readStatement(type, jws, publicKey)) as unknown as OperatorCallClaims;
  } catch (cause) {
    throw refused("it is not signed by the operator's key of this edge", cause);
  }
}

/** Is it about exactly this request, and of now? Throws `operator-call-refused`, `operator-clock`. */
export function checkOperatorCall(
  claims: OperatorCallClaims,
  expected: Omit<OperatorCallClaims, 'at'>,
  now: number,
): void {
  for (const name of ['edge', 'method', 'path', 'body'] as const) {
    if (claims[name] === expected[name]) continue;
    const wanted = name === 'edge' ? `, which is ${expected.edge}` : '';
    throw refused(`its ${name} is not that of this request${wanted}`);
  }
  const { at } = claims;
  if (!Number.isSafeInteger(at) || Number.isNaN(new Date(at).getTime())) throw refused('it names no time');
  if (Math.abs(now - at) <= limits.operatorClockOffMs) return;
  throw new PorchlightError(
    'operator-clock',
    `Cannot take the operator's call: it was signed at ${iso(at)}, by this edge's clock it is ${iso(now)}; set the clock of the machine that signs and call again.`,
  );
}

function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('operator-call-refused', `Cannot take the operator's call: ${found}; sign it anew.`, {
    cause,
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
