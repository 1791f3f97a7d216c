// What home vouches for to a service with a hook: within the service's window, in an absence of home's own record, not too
// long ago, and readable in one way only.

import { describe, expect, test } from 'vitest';
import { readReceipt } from '../../../home-node/receipts/receipt.ts';
import { issuerFor, serviceSecret } from '../../../home-node/receipts/service-receipts.ts';
import { type ReplayWindow, windowOf } from '../../../home-node/receipts/window.ts';
import { limits } from '../../../shared/limits.ts';
import { honest, hour, type Signing, secret, subjectOf, withReceipt } from '../hooks/late-requests.ts';

const arrival = Date.UTC(2026, 10, 20, 22, 0, 0);
const now = arrival + 16 * hour;
const day = 24 * hour;
const mastodon = windowOf('mastodon');

interface Asked {
  readonly signing?: Signing;
  readonly signedAt?: number;
  readonly expiresAt?: number;
  readonly away?: boolean;
  readonly at?: number;
  readonly window?: ReplayWindow;
  readonly more?: readonly [string, string][];
}

function issued({ signing = 'date', signedAt = arrival - 2_000, ...asked }: Asked) {
  const { away = true, at = now, window = mastodon, more = [], expiresAt } = asked;
  const request = honest({ signing, signedAt, ...(expiresAt === undefined ? {} : { expiresAt }) });
  const subject = subjectOf({ ...request, headers: [...request.headers, ...more] });
  const issuer = issuerFor({
    secret: serviceSecret(secret, 'social'),
    clock: { now: () => at },
    absences: { wasAway: (service, receivedAt) => away && service === 'social' && receivedAt === arrival },
    service: 'social',
    window,
    maxAgeMs: limits.receiptDays * day,
  });
  return { subject, issued: issuer.issue(subject, arrival) };
}

function refusal(asked: Asked): string {
  const { issued: one } = issued(asked);
  return 'receipt' in one ? 'none' : one.reason;
}

describe('a receipt for a service', () => {
  test.each(['date', 'created', 'rfc9421'] as const)(
    'is issued for what came in an absence, signed by %s',
    (signing) => {
      const { subject, issued: one } = issued({ signing });
      if (!('receipt' in one)) throw new Error(one.reason);
      const own = serviceSecret(secret, 'social');
      expect(readReceipt(own, subject, one.receipt)).toEqual({ receivedAt: arrival, madeAt: now });
    },
  );

  test('is made with a secret of that service: neither home’s nor another service’s knows it', () => {
    const { subject, issued: one } = issued({});
    const receipt = 'receipt' in one ? one.receipt : '';
    expect(readReceipt(secret, subject, receipt)).toBeNull();
    expect(readReceipt(serviceSecret(secret, 'videos'), subject, receipt)).toBeNull();
    expect(Buffer.from(serviceSecret(secret, 'social')).equals(Buffer.from(secret))).toBe(false);
  });

  test('is not issued for what arrived while home was there', () => {
    expect(refusal({ away: false })).toContain('were there');
  });

  test('is issued until limits.receiptDays have passed, and not after', () => {
    const last = arrival + limits.receiptDays * day;
    expect(refusal({ at: last })).toBe('none');
    expect(refusal({ at: last + 1 })).toContain('too long ago');
  });

  test.each([
    ['mastodon', 59, 59],
    ['peertube', 30, 0],
    ['misskey', 5, 5],
    ['hollo', 59, 59],
  ])('is issued within the window of %s alone', (kind, pastMinutes, futureMinutes) => {
    const window = windowOf(kind);
    const signedAgo = (minutes: number) => ({ window, signedAt: arrival - minutes * 60_000 });
    expect(refusal(signedAgo(pastMinutes))).toBe('none');
    expect(refusal(signedAgo(pastMinutes + 8))).toMatch(/too old|too long ago/);
    expect(refusal(signedAgo(-futureMinutes))).toBe('none');
    expect(refusal(signedAgo(-futureMinutes - 8))).toMatch(/too new|in the future/);
  });

  test('is not issued before home’s clock is right', () => {
    const { issued: one } = issued({ at: arrival - hour });
    expect(one).toMatchObject({ vouch: false, because: 'clock' });
  });

  test.each<[string, readonly [string, string][]]>([
    ['Authorization', [['Authorization', 'Signature x']]],
    ['X-Date', [['X-Date', new Date(arrival).toUTCString()]]],
    ['a second Signature', [['Signature', 'keyId="x"']]],
    ['a second Date', [['Date', new Date(arrival).toUTCString()]]],
    ['a second Digest', [['digest', 'SHA-256=x']]],
    ['a second Host', [['host', 'home.example']]],
    [
      'Content-Digest twice',
      [
        ['Content-Digest', 'a'],
        ['content-digest', 'b'],
      ],
    ],
    ['Signature-Input beside a cavage signature', [['Signature-Input', 'sig1=();created=1']]],
    ['a Content-Digest that is not ASCII', [['Content-Digest', 'ü']]],
  ])('is not issued for a request with %s', (_what, more) => {
    expect(refusal({ more })).not.toBe('none');
  });

  test('is not issued when a time stands beside the signature uncovered, or had expired', () => {
    expect(refusal({ expiresAt: arrival - hour })).toContain('expired');
    const request = honest({ signing: 'date', signedAt: arrival - 20 * hour });
    const headers = request.headers.map(([name, value]): [string, string] => [
      name,
      name === 'Signature' ? value.replace('rsa-sha256"', `hs2019",created="${arrival / 1000}"`) : value,
    ]);
    const issuer = issuerFor({
      ...{ secret, clock: { now: () => now }, absences: { wasAway: () => true }, service: 'social' },
      ...{ window: mastodon, maxAgeMs: day },
    });
    expect(issuer.issue(subjectOf({ ...request, headers }), arrival)).toMatchObject({ vouch: false });
    // The same helper makes what is taken: the case above is not refused for another reason.
    expect(withReceipt(request, { receivedAt: arrival }).headers).toHaveLength(request.headers.length + 1);
  });
});
