// The line in memory against the plain list that it stands for.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose } from '../../../edge/spool/choose.ts';
import { LeaseBook } from '../../../edge/spool/leases.ts';
import { Line, type LineEntry } from '../../../edge/spool/line.ts';
import type { Waiting } from '../../../edge/spool/waiting-rows.ts';

function row(seq: number, change: Partial<Waiting> = {}): Waiting {
  return { seq, service: 'social', sender: `s${seq % 3}`, notBefore: 0, inlineBytes: 10, ...change };
}

const seqs = (line: Line): number[] => [...line.entries()].map(({ seq }) => seq);

describe('the line', () => {
  test('holds what was walked and stored, without what left, in order, through compaction', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2999 }), { maxLength: 2500 }), fc.nat({ max: 3000 }), (left, walked) => {
        const line = new Line(1e9);
        line.serve(new Set(['social']));
        const rows = Array.from({ length: walked }, (_, at) => row(at + 1));
        line.extend(rows, walked + 1);
        const expected = new Set(rows.map(({ seq }) => seq));
        for (const seq of left) {
          line.remove(seq);
          expected.delete(seq);
        }
        line.stored(row(5000));
        expect(seqs(line)).toEqual([...expected, 5000]);
      }),
      { numRuns: 30 },
    );
  });

  test('stops at its memory, goes on when there is room, and makes room by leaving out services not asked for', () => {
    const line = new Line(1_500);
    line.serve(new Set(['social', 'video']));
    line.extend(
      Array.from({ length: 20 }, (_, at) => row(at + 1, { service: 'video' })),
      20,
    );
    expect([line.isFull, line.isComplete, line.walkedTo]).toEqual([true, false, 20]);
    line.serve(new Set(['social']));
    expect([line.isFull, line.walkedTo]).toEqual([false, 0]);
    line.extend([row(21)], 20);
    expect([seqs(line), line.isComplete]).toEqual([[21], true]);
    line.serve(new Set(['social', 'video']));
    expect([seqs(line), line.isComplete]).toEqual([[], false]);
  });

  test('when it fills up by what is stored, the rest is walked later', () => {
    const line = new Line(500);
    line.serve(new Set(['social']));
    line.extend([], 10);
    for (let seq = 1; seq <= 20; seq++) line.stored(row(seq));
    expect([line.isFull, line.isComplete]).toEqual([true, false]);
    const known = line.walkedTo;
    for (const seq of seqs(line)) line.remove(seq);
    line.extend(
      Array.from({ length: 20 - known }, (_, at) => row(known + 1 + at)),
      100,
    );
    expect(seqs(line).at(0)).toBe(known + 1);
  });

  test('leaves to the walk what is stored while the walk is not done', () => {
    const line = new Line(1e9);
    line.serve(new Set(['social']));
    line.extend([row(1), row(2)], 2);
    line.stored(row(9));
    expect([seqs(line), line.walkedTo, line.isComplete]).toEqual([[1, 2], 2, false]);
  });

  test('says when what is deferred becomes due, for the services asked about', () => {
    const line = new Line(1e9);
    line.serve(new Set(['social', 'video']));
    line.extend([row(1, { notBefore: 50 }), row(2, { notBefore: 30, service: 'video' }), row(3)], 10);
    expect(line.nextDueAt(10, new Set(['social', 'video']))).toBe(30);
    expect(line.nextDueAt(10, new Set(['social']))).toBe(50);
    expect(line.nextDueAt(50, new Set(['social', 'video']))).toBe(null);
    line.remove(1);
    expect(line.nextDueAt(10, new Set(['social']))).toBe(null);
  });
});

describe('choose()', () => {
  const wish = { services: new Set(['social']), enough: new Set<string>(), deliveries: 10, bytes: 1000, now: 100 };

  test('never leaves a gap in a sender, whatever is deferred, in flight or too large', () => {
    const entry = fc.record({
      sender: fc.nat({ max: 3 }),
      notBefore: fc.constantFrom(0, 0, 0, 200),
      inlineBytes: fc.nat({ max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.array(fc.nat({ max: 30 })), fc.nat({ max: 12 }), (entries, held, deliveries) => {
        const line = new Line(1e9);
        line.serve(wish.services);
        const rows = entries.map((one, at) => row(at + 1, { ...one, sender: `s${one.sender}` }));
        line.extend(rows, rows.length + 1);
        const book = new LeaseBook();
        const keys = new Map([...line.entries()].map(({ seq, key }) => [seq, key]));
        book.open(
          'l',
          held.flatMap((seq) => (keys.has(seq) ? [{ seq, key: keys.get(seq) ?? '' }] : [])),
          1000,
        );
        const { chosen, more } = choose(line, book, { ...wish, deliveries });
        const got = new Set(chosen.map(({ seq }) => seq));
        expect(chosen.length).toBeLessThanOrEqual(deliveries);
        for (const { seq, sender } of rows) {
          if (!got.has(seq)) continue;
          const before = rows.filter((other) => other.sender === sender && other.seq < seq);
          expect(before.every((other) => got.has(other.seq))).toBe(true);
        }
        const bytes = chosen.reduce((sum, { seq }) => sum + (rows[seq - 1]?.inlineBytes ?? 0), 0);
        expect(bytes <= wish.bytes || chosen.length === 1).toBe(true);
        if (!more) {
          const all = choose(line, book, { ...wish, deliveries: 1e9, bytes: 1e9 });
          expect(all.chosen).toEqual(chosen);
        }
      }),
    );
  });

  test('gives each server its turn, whatever the line is like, and nothing of those of which there is enough', () => {
    const entry = fc.record({ host: fc.nat({ max: 5 }), name: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(fc.array(entry), fc.nat({ max: 12 }), fc.subarray([0, 1, 2]), (entries, deliveries, left) => {
        const line = new Line(1e9);
        line.serve(wish.services);
        const rows = entries.map(({ host, name }, at) => row(at + 1, { sender: `https://h${host}.example/${name}` }));
        line.extend(rows, rows.length + 1);
        const enough = new Set(left.map((host) => `social h${host}.example`));
        const { chosen } = choose(line, new LeaseBook(), { ...wish, enough, deliveries });
        const got = new Set(chosen.map(({ seq }) => seq));
        const counts = [0, 1, 2, 3, 4, 5].map((host) => {
          const own = rows.filter((_, at) => entries[at]?.host === host);
          const taken = own.filter(({ seq }) => got.has(seq));
          // The first of its own, in order.
          expect(taken).toEqual(own.slice(0, taken.length));
          return { taken: taken.length, waits: own.length - taken.length, isLeft: left.includes(host) };
        });
        for (const one of counts) {
          if (one.isLeft) expect(one.taken).toBe(0);
          // Nobody has two more than one of whom something waits.
          else if (one.waits > 0) for (const other of counts) expect(other.taken).toBeLessThanOrEqual(one.taken + 1);
        }
        const mayGo = counts.reduce((sum, { taken, waits, isLeft }) => sum + (isLeft ? 0 : taken + waits), 0);
        expect(chosen).toHaveLength(Math.min(deliveries, mayGo));
      }),
    );
  });

  test('looks no further than it must when all is of one server', () => {
    let looked = 0;
    class Watched extends Line {
      override *entries(): Generator<LineEntry> {
        for (const entry of super.entries()) {
          looked += 1;
          yield entry;
        }
      }
    }
    const line = new Watched(1e9);
    line.serve(wish.services);
    const rows = Array.from({ length: 1000 }, (_, at) => row(at + 1, { sender: `https://busy.example/${at}` }));
    line.extend(rows, 1001);
    const { chosen, more } = choose(line, new LeaseBook(), wish);
    expect([chosen.length, more]).toEqual([10, true]);
    expect(looked).toBeLessThanOrEqual(12);
    for (const { seq } of chosen) line.remove(seq);
    expect([line.live, line.liveOf('social busy.example')]).toEqual([990, 990]);
  });
});
