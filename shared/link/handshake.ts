// How a socket becomes a link: the edge sends a nonce (HELLO), home signs it (PROOF), the edge opens a session
// (WELCOME). The signature covers the edge's origin as home dialled it, so that nobody who was dialled by mistake can
// pass the proof on to the real edge; no clock is involved, because a small computer wakes with the wrong time.

import { CompactSign, type CryptoKey, compactVerify } from 'jose';
import { PorchlightError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Session } from '../session/call.ts';
import { type Frame, malformed, recordOf } from './codec.ts';

export interface Hello {
  readonly versions: readonly number[];
  /** 32 random bytes, base64url. Good for this socket only. */
  readonly nonce: string;
  /** Origin of the edge as it was addressed. */
  readonly edge: string;
}

/** All of it signed by home. */
export interface ProofClaims {
  readonly nonce: string;
  /** Origin of the edge as home dialled it. */
  readonly edge: string;
  readonly homeId: string;
  /** The version that home chose among those offered. */
  readonly version: number;
  /** Random, one for each home-node process. */
  readonly process: string;
  /** Epoch that this process was given before; 0 when it never was given one. */
  readonly epoch: number;
}

export interface Windows {
  /** Bytes of DATA that may be sent on a new stream before any CREDIT, both ways. */
  readonly initialBytes: number;
}

export interface Welcome extends Session {
  readonly version: number;
  readonly windows: Windows;
}

export interface Refusal {
  /** Stable: `superseded`, `proof-refused`, `unknown-home`, `no-common-version`, or what the spool refused with. */
  readonly code: string;
  readonly reason: string;
}

const type = 'porchlight-link';

/** Compact JWS (RFC 7515), EdDSA (RFC 8037). */
export async function signProof(claims: ProofClaims, privateKey: CryptoKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(privateKey);
}

/** Checks the signature and that it answers exactly this socket's HELLO. Throws `proof-refused` otherwise. */
export async function verifyProof(
  jws: string,
  publicKey: CryptoKey,
  expected: { readonly hello: Hello; readonly homeId: string },
): Promise<ProofClaims> {
  const claims = await readVerified(jws, publicKey);
  const { hello, homeId } = expected;
  if (claims.nonce !== hello.nonce) throw refused('it answers another socket');
  if (claims.edge !== hello.edge) throw refused(`it is for the edge ${String(claims.edge)}, this is ${hello.edge}`);
  if (claims.homeId !== homeId) throw refused('it is for another home');
  if (!hello.versions.includes(claims.version)) throw refused('it chooses a version that was not offered');
  if (typeof claims.process !== 'string' || claims.process === '') throw refused('it names no process');
  if (!Number.isSafeInteger(claims.epoch) || claims.epoch < 0) throw refused('it names no epoch');
  if (claims.epoch > limits.linkEpoch) throw refused('it names an epoch that no edge ever gave');
  return claims;
}

/** The best version that both sides speak. Throws `no-common-version`. */
export function chooseVersion(offered: readonly number[], spoken: readonly number[]): number {
  const version = spoken.find((candidate) => offered.includes(candidate));
  if (version !== undefined) return version;
  throw new PorchlightError(
    'no-common-version',
    `Cannot open the link: the edge speaks versions ${offered.join(', ')}, this home node ${spoken.join(', ')}; update the older one.`,
  );
}

/** What the edge remembers of the process that it last let in. */
export interface Incumbent {
  readonly process: string;
  readonly epoch: number;
}

/**
 * The epoch for a proven process: its own again for the same one, a higher one for another. null: it was superseded by
 * a later process and must not come back. Epochs never fall, even when the edge's storage went back in time.
 */
export function epochFor(incumbent: Incumbent | null, claims: ProofClaims): number | null {
  const stored = incumbent?.epoch ?? 0;
  if (incumbent?.process === claims.process) return Math.max(stored, claims.epoch);
  if (claims.epoch > 0 && claims.epoch < stored) return null;
  return Math.max(stored, claims.epoch) + 1;
}

/** Throws `link-malformed`. */
export function helloOf(frame: Frame): Hello {
  const { versions, nonce, edge } = recordOf(frame);
  if (!Array.isArray(versions) || typeof nonce !== 'string' || typeof edge !== 'string') throw malformed('bad HELLO');
  return { versions: versions.filter((version) => typeof version === 'number'), nonce, edge };
}

/** Throws `link-malformed`. */
export function welcomeOf(frame: Frame): Welcome {
  const { version, homeId, session, epoch, windows } = recordOf(frame);
  const initialBytes = (windows as Partial<Windows> | undefined)?.initialBytes;
  if (typeof version !== 'number' || typeof homeId !== 'string' || typeof session !== 'string') {
    throw malformed('bad WELCOME');
  }
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(initialBytes)) throw malformed('bad WELCOME');
  return { version, homeId, session, epoch: epoch as number, windows: { initialBytes: initialBytes as number } };
}

/** Throws `link-malformed`. */
export function refusalOf(frame: Frame): Refusal {
  const { code, reason } = recordOf(frame);
  if (typeof code !== 'string' || typeof reason !== 'string') throw malformed('bad REFUSED');
  return { code, reason };
}

async function readVerified(jws: string, publicKey: CryptoKey): Promise<ProofClaims> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ !== type) throw refused('it is a signature of another kind');
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
    if (typeof claims !== 'object' || claims === null) throw refused('it claims nothing');
    return claims as ProofClaims;
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw refused('its signature does not hold', thrown);
  }
}

function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('proof-refused', `Cannot accept the proof: ${found}; dial again and sign anew.`, {
    cause,
  });
}
