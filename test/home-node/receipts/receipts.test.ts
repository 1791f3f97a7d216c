// Receipts by themselves: what home vouches for, and what a receipt is worth for any other request.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeReceipt, readReceipt } from '../../../home-node/receipts/receipt.ts';
import { limits } from '../../../shared/limits.ts';
import { makeKeyPair } from '../../support/forger.ts';
import { receiptsOf } from './embedded-receipts.ts';
import { signed, subjectOf } from './signed.ts';

const hour = 3_600_000;
const arrival = Date.UTC(2026, 10, 20, 22, 0, 0);
const inbox = new URL('https://example.org/users/owner/inbox');
const signer = { keyId: 'https://peer.example/actor#main-key', keys: makeKeyPair() };
const secret = new Uint8Array(32).fill(7);
const body = '{"type":"Follow"}';

function receiptsAt(now: number, key = secret) {
  return receiptsOf(key, { now: () => now });
}

describe.each(['cavage', 'rfc9421'] as const)('a receipt for a %s delivery', (kind) => {
  const requestAt = (signedAt: number) => subjectOf(signed({ kind, signer, inbox, body, signedAt }), inbox);
  const subject = requestAt(arrival - 2_000);
  const morning = receiptsAt(arrival + 16 * hour);
  const madeInTheMorning = { receivedAt: arrival, madeAt: arrival + 16 * hour };

  function receipt(): string {
    const issued = morning.issue(subject, arrival);
    if (!('receipt' in issued)) throw new Error(issued.reason);
    return issued.receipt;
  }

  test('is issued when the signed time and the arrival agree, and holds for that request, any number of times', () => {
    expect(morning.check(subject, receipt())).toEqual({ receipt: 'good', receivedAt: arrival });
    expect(morning.check(subject, receipt())).toEqual({ receipt: 'good', receivedAt: arrival });
  });

  test.each([
    ['altered body', { bodySha256: 'other' }],
    ['other path', { path: '/inbox' }],
    ['query added', { path: `${inbox.pathname}?x` }],
    ['other host', { host: 'example.com' }],
    ['other method', { method: 'PUT' }],
  ])('is worth nothing for a request with %s', (_what, change) => {
    expect(morning.check({ ...subject, ...change }, receipt()).receipt).toBe('bad');
  });

  test.each(['Signature', 'Signature-Input', 'Digest', 'Content-Digest'])(
    'is worth nothing when %s is altered or added',
    (name) => {
      const others = subject.headers.filter(([each]) => each !== name);
      const value = subject.headers.find(([each]) => each === name)?.[1] ?? '';
      const changed = { ...subject, headers: [...others, [name, `${value}x`] as const] };
      expect(readReceipt(secret, changed, receipt())).toBeNull();
    },
  );

  test('is worth nothing for another request of the same sender', () => {
    expect(morning.check(requestAt(arrival - 3_000), receipt()).receipt).toBe('bad');
  });

  test('is worth nothing when its time or its mac is altered, or it was made with another secret', () => {
    const [version, time = '', made = '', mac = ''] = receipt().split(' ');
    const flipped = `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
    const stranger = receiptsAt(arrival + 16 * hour, new Uint8Array(32).fill(8)).issue(subject, arrival);
    const wrong = [
      `${version} ${Number(time) + 1} ${made} ${mac}`,
      `${version} ${time} ${Number(made) + 1} ${mac}`,
      `${version} ${time} ${made} ${flipped}`,
      `v1 ${time} ${mac}`,
      `${receipt()}, ${receipt()}`,
      'receipt' in stranger ? stranger.receipt : '',
      '',
    ];
    for (const each of wrong) expect(morning.check(subject, each).receipt).toBe('bad');
  });

  test('is not issued, and not believed, when the delivery arrived later than the window after it was signed', () => {
    const late = requestAt(arrival - limits.signedTimeSkewMs - 1_000);
    expect(morning.issue(late, arrival)).toMatchObject({ vouch: false, because: 'request' });
    expect(morning.check(late, makeReceipt(secret, late, madeInTheMorning)).receipt).toBe('bad');
  });

  test('is not issued, and not believed, when it arrived before it was signed by more than the window', () => {
    const early = requestAt(arrival + limits.signedTimeSkewMs + 2_000);
    expect(morning.issue(early, arrival)).toMatchObject({ vouch: false, because: 'request' });
    expect(morning.check(early, makeReceipt(secret, early, madeInTheMorning)).receipt).toBe('bad');
  });

  test('is not issued for what arrived while home was there, by its own record', () => {
    const present = receiptsOf(secret, { now: () => arrival + 16 * hour }, false);
    expect(present.issue(subject, arrival)).toMatchObject({ vouch: false, because: 'request' });
  });

  test.each([15, 40, 400])('is issued for what arrived %i days ago, and holds', (days) => {
    const holiday = receiptsAt(arrival + days * 24 * hour);
    const issued = holiday.issue(subject, arrival);
    const good = { receipt: 'good', receivedAt: arrival };
    expect(holiday.check(subject, 'receipt' in issued ? issued.receipt : '')).toEqual(good);
  });

  test('is good for limits.receiptMs after it was made, and for a clock set back by as much', () => {
    const good = [-limits.receiptMs, limits.receiptMs];
    const untimely = [-limits.receiptMs - 1, limits.receiptMs + 1, 20 * 24 * hour, -15 * hour];
    const checkedAt = (later: number) => receiptsAt(arrival + 16 * hour + later).check(subject, receipt()).receipt;
    expect(good.map(checkedAt)).toEqual(good.map(() => 'good'));
    expect(untimely.map(checkedAt)).toEqual(untimely.map(() => 'untimely'));
  });

  test('is not issued for a time that home’s clock has not reached, and says that it is the clock', () => {
    const now = arrival - 2 * limits.homeClockOffMs - 1;
    const behind = receiptsAt(now);
    expect(behind.issue(subject, arrival)).toMatchObject({ vouch: false, because: 'clock' });
    const made = makeReceipt(secret, subject, { receivedAt: arrival, madeAt: now });
    expect(behind.check(subject, made).receipt).toBe('untimely');
    expect('receipt' in receiptsAt(now + 1).issue(subject, arrival)).toBe(true);
  });

  test.each(['Signature', 'Date', 'Host'])('is not issued when %s comes twice', (name) => {
    const again = subject.headers.filter(([each]) => each === name);
    expect(again).toHaveLength(1);
    expect(morning.issue({ ...subject, headers: [...subject.headers, ...again] }, arrival)).toMatchObject({
      vouch: false,
    });
  });

  test.each(['Authorization', 'X-Date'])('is not issued when there is %s too', (name) => {
    const headers = [...subject.headers, [name, 'anything'] as const];
    expect(morning.issue({ ...subject, headers }, arrival)).toMatchObject({ vouch: false });
  });
});

describe('a receipt', () => {
  test('is not issued when the signature covers no time', () => {
    const request = signed({ kind: 'cavage', signer, inbox, body, signedAt: arrival });
    const headers = request.headers.map(([name, value]): [string, string] => [
      name,
      name === 'Signature' ? value.replace(' date', '') : value,
    ]);
    const issued = receiptsAt(arrival).issue(subjectOf({ ...request, headers }, inbox), arrival);
    expect(issued).toMatchObject({ vouch: false, because: 'request' });
  });

  test('is not issued for a time that is written into the header but not signed', () => {
    const request = signed({ kind: 'cavage', signer, inbox, body, signedAt: arrival - 16 * hour });
    const created = Math.floor(arrival / 1000);
    const headers = request.headers.map(([name, value]): [string, string] => [
      name,
      name === 'Signature' ? value.replace('algorithm="rsa-sha256"', `algorithm="hs2019",created=${created}`) : value,
    ]);
    const issued = receiptsAt(arrival).issue(subjectOf({ ...request, headers }, inbox), arrival);
    expect(issued).toMatchObject({ vouch: false, because: 'request' });
  });

  test('never holds for fields that were moved into each other', () => {
    const text = fc.string({ maxLength: 6 });
    const fields = fc.record({
      method: text,
      path: text,
      host: text,
      signature: fc.option(text),
      digest: fc.option(text),
      bodySha256: text,
    });
    const subject = ({
      signature,
      digest,
      ...rest
    }: {
      method: string;
      path: string;
      host: string;
      bodySha256: string;
      signature: string | null;
      digest: string | null;
    }) => ({
      ...rest,
      scheme: 'https' as const,
      headers: [
        ...(signature === null ? [] : [['signature', signature] as const]),
        ...(digest === null ? [] : [['digest', digest] as const]),
      ],
    });
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        fc.pre(JSON.stringify(trimmed(one)) !== JSON.stringify(trimmed(other)));
        expect(
          readReceipt(secret, subject(other), makeReceipt(secret, subject(one), { receivedAt: 1, madeAt: 1 })),
        ).toBeNull();
      }),
    );
  });
});

/** Whitespace around a field value is not part of it (RFC 9110 section 5.5). */
function trimmed(fields: Record<string, string | null>): Record<string, string | null> {
  const cut = (value: string | null | undefined): string | null => value?.replace(/^[ \t]+|[ \t]+$/g, '') ?? null;
  return { ...fields, signature: cut(fields.signature), digest: cut(fields.digest) };
}
