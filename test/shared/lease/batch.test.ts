// The batch: what home reads is what the edge wrote, and nothing else is read.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../shared/delivery.ts';
import { decodeBatch, encodeBatch } from '../../../shared/lease/batch.ts';
import type { TurnReply } from '../../../shared/lease/messages.ts';

const reply: TurnReply = { lease: 'l1', leaseMs: 60_000, refused: [], more: true, nextDueAt: null };

const delivery = fc.record({
  id: fc.string(),
  lane: fc.constant('activitypub' as const),
  service: fc.string(),
  sender: fc.webUrl(),
  receivedAt: fc.nat(),
  method: fc.constant('POST' as const),
  host: fc.domain(),
  path: fc.string({ unit: 'grapheme' }),
  headers: fc.array(fc.tuple(fc.string(), fc.string({ unit: 'grapheme' }))),
  remoteAddress: fc.option(fc.ipV6()),
  proof: fc.record({ by: fc.constantFrom('cavage' as const, 'rfc9421' as const), keyId: fc.webUrl() }),
  undecided: fc.option(fc.string()),
  bodyBytes: fc.nat(),
  bodySha256: fc.string(),
  seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  attempts: fc.nat(),
}) satisfies fc.Arbitrary<Delivery>;

const batch = fc.record({
  reply: fc.constant(reply),
  deliveries: fc.array(fc.record({ delivery, body: fc.option(fc.uint8Array({ maxLength: 200 })) }), { maxLength: 5 }),
});

describe('a batch', () => {
  test('comes back as it was, bodies byte for byte and missing ones missing', () => {
    fc.assert(
      fc.property(batch, (given) => {
        expect(decodeBatch(encodeBatch(given))).toEqual(given);
      }),
    );
  });

  test('is read from the middle of a larger buffer', () => {
    const bytes = encodeBatch({ reply, deliveries: [] });
    const around = new Uint8Array(bytes.length + 20).fill(0xff);
    around.set(bytes, 10);
    expect(decodeBatch(around.subarray(10, 10 + bytes.length))).toEqual({ reply, deliveries: [] });
  });

  test('cut anywhere but between two deliveries, it is refused', () => {
    fc.assert(
      fc.property(batch, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, share) => {
        const bytes = encodeBatch(given);
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        const wholes = given.deliveries.map((_, n) =>
          encodeBatch({ ...given, deliveries: given.deliveries.slice(0, n) }),
        );
        fc.pre(!wholes.some((whole) => whole.length === cut.length));
        expect(() => decodeBatch(cut)).toThrow(expect.objectContaining({ code: 'batch-malformed' }));
      }),
    );
  });

  test('of arbitrary bytes is refused by name, never by accident', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodeBatch(bytes)).toThrow(expect.objectContaining({ code: 'batch-malformed' }));
      }),
    );
  });

  test('whose head is no JSON, no UTF-8 or no object is refused', () => {
    for (const head of [[0x7b], [0xff], [...new TextEncoder().encode('null')], [...new TextEncoder().encode('7')]]) {
      const bytes = Uint8Array.from([0, 0, 0, head.length, ...head]);
      expect(() => decodeBatch(bytes)).toThrow(expect.objectContaining({ code: 'batch-malformed' }));
    }
  });
});
