// A turn's body is signed by home and still checked: whatever it holds, only what a turn may say gets through.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTurnRequest } from '../../../edge/spool/turn-request.ts';
import type { Answer } from '../../../shared/delivery.ts';
import type { TurnRequest } from '../../../shared/lease/messages.ts';
import { bytesOf } from './spool-rig.ts';

const answer: fc.Arbitrary<Answer> = fc
  .tuple(
    fc.record({ seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }), id: fc.string() }),
    fc.oneof(
      fc.constantFrom({ outcome: 'delivered' as const }, { outcome: 'released' as const }),
      fc.record({ outcome: fc.constant('dead' as const), reason: fc.string() }),
      fc.record(
        { outcome: fc.constant('later' as const), reason: fc.string(), retryAfterMs: fc.nat() },
        { requiredKeys: ['outcome', 'reason'] },
      ),
    ),
  )
  .map(([at, outcome]) => ({ ...at, ...outcome }));

const request: fc.Arbitrary<TurnRequest> = fc.record(
  {
    answers: fc.array(answer),
    renew: fc.array(fc.string()),
    max: fc.nat(),
    services: fc.array(fc.string()),
    enough: fc.array(fc.record({ service: fc.string(), peer: fc.string() })),
  },
  { requiredKeys: ['answers', 'renew', 'max', 'services'] },
);

describe('readTurnRequest()', () => {
  test('reads what home wrote', () => {
    fc.assert(
      fc.property(request, (given) => {
        expect(readTurnRequest(bytesOf(JSON.stringify(given)))).toEqual(given);
      }),
    );
  });

  test('refuses by name whatever is not a turn', () => {
    const good = { answers: [], renew: [], max: 1, services: [] };
    const bad: unknown[] = [
      null,
      [],
      'turn',
      {},
      { ...good, max: -1 },
      { ...good, max: 1.5 },
      { ...good, max: '1' },
      { ...good, services: 'social' },
      { ...good, renew: [7] },
      { ...good, enough: 'busy.example' },
      { ...good, enough: ['busy.example'] },
      { ...good, enough: [{ service: 'social' }] },
      { ...good, enough: [{ service: 'social', peer: 7 }] },
      { ...good, enough: Array.from({ length: 5000 }, () => ({ service: 'social', peer: 'x' })) },
      { ...good, services: Array.from({ length: 5000 }, () => 'x') },
      { ...good, answers: [null] },
      { ...good, answers: [{ seq: 1, id: 'a' }] },
      { ...good, answers: [{ seq: 1, id: 'a', outcome: 'eaten' }] },
      { ...good, answers: [{ seq: '1', id: 'a', outcome: 'delivered' }] },
      { ...good, answers: [{ seq: 1, outcome: 'delivered' }] },
      { ...good, answers: [{ seq: 1, id: 'a', outcome: 'dead' }] },
      { ...good, answers: [{ seq: 1, id: 'a', outcome: 'later', reason: 'x', retryAfterMs: -1 }] },
      { ...good, answers: [{ seq: 1, id: 'a', outcome: 'later', reason: 'x', retryAfterMs: null }] },
    ];
    for (const body of bad) {
      expect(() => readTurnRequest(bytesOf(JSON.stringify(body)))).toThrow(
        expect.objectContaining({ code: 'turn-malformed' }),
      );
    }
    for (const bytes of [new Uint8Array([0xff]), bytesOf('{"answers":'), bytesOf('')]) {
      expect(() => readTurnRequest(bytes)).toThrow(expect.objectContaining({ code: 'turn-malformed' }));
    }
  });

  test('keeps nothing that a turn does not say', () => {
    const bytes = bytesOf(
      '{"answers":[{"seq":1,"id":"a","outcome":"released","reason":"x"}],"renew":[],"max":0,"services":[],"x":1}',
    );
    expect(readTurnRequest(bytes)).toEqual({
      answers: [{ seq: 1, id: 'a', outcome: 'released' }],
      renew: [],
      max: 0,
      services: [],
    });
  });
});
