// Receipts for services with a hook of ours (home-node/hooks/), and for the embedded home. Each server has a secret of its own,
// derived from home's: its hook can make receipts for itself alone. Home issues one only for what it can answer for: a covered signed
// time and the arrival agree within the service's own window, the arrival lies in an absence that home itself recorded, and
// it is not too long ago.

import { createSecretKey, hkdfSync } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused, refused } from '../../shared/signature/refused.ts';
import { soleFieldValue } from '../../shared/signature/request.ts';
import { requireProof, signedTimes } from '../../shared/signature/require.ts';
import type { Absences } from './absence-file.ts';
import { makeReceipt, type ReceiptSubject } from './receipt.ts';
import { aheadMs, type Vouching } from './vouch.ts';
import type { ReplayWindow } from './window.ts';

/** 32 bytes. `service`: its name in porchlight.toml. */
export function serviceSecret(secret: Uint8Array, service: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `porchlight-service-receipt-v1 ${service}`, 32));
}

/** As the file of the hook holds it. */
export function secretText(secret: Uint8Array): string {
  return `${Buffer.from(secret).toString('base64url')}\n`;
}

export type Issued = { readonly receipt: string } | Extract<Vouching, { readonly vouch: false }>;

export interface VouchingFacts {
  readonly subject: ReceiptSubject;
  /** By the edge's clock, ms since the epoch. */
  readonly receivedAt: number;
  /** By home's. */
  readonly now: number;
  readonly window: ReplayWindow;
  readonly wasAway: boolean;
  /** Infinity: however long ago it arrived. */
  readonly maxAgeMs: number;
}

/** Facts in, verdict out. `because: 'clock'`: nothing can be said before home's clock is right. */
export function mayVouchTo(facts: VouchingFacts): Vouching {
  const { subject, receivedAt, now, window, wasAway, maxAgeMs } = facts;
  if (receivedAt > now + aheadMs) {
    const minutes = Math.round((receivedAt - now) / 60_000);
    return { vouch: false, because: 'clock', reason: `by home's clock it arrives in ${minutes} minutes` };
  }
  const no = (reason: string): Vouching => ({ vouch: false, because: 'request', reason });
  if (now - receivedAt > maxAgeMs) return no('it arrived too long ago');
  if (!wasAway) return no('it arrived while home and the service were there');
  try {
    for (const name of boundHeaders) {
      if (!isAscii.test(soleFieldValue(subject, name) ?? '')) throw refused(`${name} is not ASCII; send it so`);
    }
    const signature = readSignature(subject);
    requireProof(subject, signature, receivedAt);
    const times = signedTimes(subject, signature);
    if (times.some((time) => receivedAt - time > window.pastMs || time - receivedAt > window.futureMs)) {
      return no('when it arrived, it was too old or too new for the service');
    }
  } catch (thrown) {
    if (isRefused(thrown)) return no(thrown.message);
    throw thrown;
  }
  return { vouch: true };
}

const boundHeaders = ['signature', 'signature-input', 'digest', 'content-digest', 'date', 'host'];
const isAscii = /^[\x20-\x7e\t]*$/;

/** Issues receipts to one service. */
export interface Issuer {
  issue(subject: ReceiptSubject, receivedAt: number): Issued;
}

export interface IssuerOptions {
  /** That the service checks its receipts with. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly absences: Absences;
  /** Its name in porchlight.toml. */
  readonly service: string;
  readonly window: ReplayWindow;
  readonly maxAgeMs: number;
}

export function issuerFor({ secret, clock, absences, service, window, maxAgeMs }: IssuerOptions): Issuer {
  const key = createSecretKey(secret);
  return {
    issue(subject, receivedAt) {
      const now = clock.now();
      const wasAway = absences.wasAway(service, receivedAt, now);
      const vouching = mayVouchTo({ subject, receivedAt, now, window, wasAway, maxAgeMs });
      return vouching.vouch ? { receipt: makeReceipt(key, subject, { receivedAt, madeAt: now }) } : vouching;
    },
  };
}
