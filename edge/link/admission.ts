// Who may be a home's link: the proof on a new socket is checked against the key in the directory, its process gets an
// epoch, and the spool is told of the session. Nothing is believed before all three have agreed.

import { importJWK, type JWK } from 'jose';
import type { Clock, Random } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { epochFor, type Hello, type ProofClaims, type Refusal, verifyProof } from '../../shared/link/handshake.ts';
import type { Session } from '../../shared/session/call.ts';
import type { Directory } from '../home/directory.ts';
import type { LinkChange } from './history.ts';
import type { LinkRecord } from './record.ts';

/** What the spool is told, so that it can judge the calls of this session. */
export interface SessionOpening extends Session {
  readonly publicKey: JWK;
}

export interface SessionKeeper {
  openSession(
    opening: SessionOpening,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: ErrorCode; readonly message: string }>;
}

export interface AdmissionParts {
  readonly directory: Pick<Directory, 'home'>;
  readonly spool: SessionKeeper;
  readonly record: LinkRecord;
  /** Changes of the link that no row holds yet. */
  readonly unwritten: () => readonly LinkChange[];
  readonly clock: Clock;
  readonly random: Random;
  /** False when a change of keys has ended the attempt meanwhile. */
  readonly isAwaited: () => boolean;
}

/** A socket that has been sent its HELLO. */
export interface Applicant {
  readonly hello: Hello;
  readonly homeId: string;
}

export interface Admitted extends Session {
  readonly process: string;
  readonly version: number;
  /** The key that proved it, as JWK member `x`. Sockets from before it was written down have none. */
  readonly key?: string;
}

export type Admission = { readonly admitted: Admitted } | { readonly refused: Refusal };

export async function admit(proof: string, applicant: Applicant, parts: AdmissionParts): Promise<Admission> {
  const { directory, spool, record, clock, random } = parts;
  const home = await directory.home(applicant.homeId);
  if (home === null) {
    return refuse('unknown-home', `Cannot open the link: ${applicant.homeId} is not in the directory; claim it first.`);
  }
  let claims: ProofClaims;
  try {
    const key = await importJWK({ ...home.publicKey, alg: 'EdDSA' }, 'EdDSA');
    if (key instanceof Uint8Array)
      return refuse('unknown-home', 'Cannot open the link: the directory holds no public key.');
    claims = await verifyProof(proof, key, applicant);
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return refuse(thrown.code, thrown.message);
    throw thrown;
  }
  if (home.revokedAt !== undefined) {
    return refuse(
      'revoked',
      "Cannot open the link: the edge's operator has revoked home's key; ask the operator for a new claim code.",
    );
  }
  if (!parts.isAwaited())
    return refuse('key-changed', 'Cannot open the link: keys were changed meanwhile; dial again.');
  const epoch = epochFor(record.incumbent, claims);
  if (epoch === null) return superseded(claims.epoch);
  // Written before the spool is told: two processes that knock at once get two epochs.
  record.opened({ process: claims.process, epoch }, home.hosts, parts.unwritten(), clock.now());
  const session = { homeId: applicant.homeId, session: encode(random.bytes(16)), epoch };
  const opened = await spool.openSession({ ...session, publicKey: home.publicKey });
  if (!opened.ok) return refuse(opened.code, opened.message);
  if (record.incumbent?.epoch !== epoch) return superseded(epoch);
  const { process, version } = claims;
  return {
    admitted: { ...session, process, version, ...(home.publicKey.x === undefined ? {} : { key: home.publicKey.x }) },
  };
}

export function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function superseded(epoch: number): { readonly refused: Refusal } {
  return refuse('superseded', `Cannot keep the link: a newer home node took over from epoch ${epoch}; stop this one.`);
}

function refuse(code: ErrorCode, reason: string): { readonly refused: Refusal } {
  return { refused: { code, reason } };
}
