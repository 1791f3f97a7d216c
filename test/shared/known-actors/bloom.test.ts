import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { murmur3 } from '../../../shared/known-actors/murmur3.ts';
import { limits } from '../../../shared/limits.ts';
import type { BloomFilterData } from '../../../shared/snapshot.ts';

const uri = (i: number) => `https://peer-${i % 97}.example/users/${i}`;

describe('murmur3()', () => {
  // Vectors of the reference implementation's users (SMHasher's verification strings as published).
  test.each([
    ['', 0, 0x00000000],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['aa', 0x9747b28c, 0x5d211726],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['abc', 0, 0xb3dd93fa],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['ππππππππ', 0x9747b28c, 0xd58063c1],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('hashes %j under seed %i as published', (text, seed, hash) => {
    expect(murmur3(new TextEncoder().encode(text), seed)).toBe(hash);
  });
});

describe('BloomFilter', () => {
  test('contains all that was added, also after a journey as data', () => {
    fc.assert(
      fc.property(fc.array(fc.webUrl(), { minLength: 1, maxLength: 50 }), (uris) => {
        const filter = BloomFilter.empty(uris.length, 0.01);
        for (const each of uris) filter.add(each);
        const travelled = BloomFilter.fromData(JSON.parse(JSON.stringify(filter.toData())));
        expect(uris.every((each) => filter.mayContain(each) && travelled.mayContain(each))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.each([0.1, 0.01, 0.001])('claims strangers about as rarely as asked (%d)', (rate) => {
    const members = 5_000;
    const strangers = 20_000;
    const filter = BloomFilter.empty(members, rate);
    for (let i = 0; i < members; i++) filter.add(uri(i));
    let claimed = 0;
    for (let i = members; i < members + strangers; i++) if (filter.mayContain(uri(i))) claimed++;
    expect(claimed / strangers).toBeLessThan(rate * 1.6 + 0.0005);
  });

  test('within() is never longer than it may be, and forgets nobody, however many there are', () => {
    const anyone = fc.tuple(
      fc.integer({ min: 8, max: 4096 }),
      fc.integer({ min: 0, max: 1e9 }),
      fc.double({ min: 1e-6, max: 0.9, noNaN: true }),
    );
    fc.assert(
      fc.property(anyone, fc.webUrl(), ([mostBytes, items, rate], member) => {
        const filter = BloomFilter.within(mostBytes, items, rate);
        filter.add(member);
        expect(filter.mayContain(member)).toBe(true);
        expect((filter.toData().bits.length * 3) / 4).toBeLessThan(mostBytes + 1);
      }),
    );
  });

  test('limits.knownActorsBytes is enough for a million actors at limits.knownActorsFalsePositives', () => {
    const { knownActorsBytes, knownActorsFalsePositives } = limits;
    const sizes = [1_000, 2 ** 20].map((items) => {
      const filter = BloomFilter.within(knownActorsBytes, items, knownActorsFalsePositives);
      return [filter.toData().hashes, BloomFilter.empty(items, knownActorsFalsePositives).toData().hashes];
    });
    for (const [within, asked] of sizes) expect(within).toBe(asked);
    // And of ten millions it still tells most strangers from them by a tenth of the bits.
    expect(BloomFilter.within(knownActorsBytes, 1e7, knownActorsFalsePositives).toData().hashes).toBe(1);
  });

  test('an empty filter contains nothing', () => {
    const filter = BloomFilter.empty(0, 0.01);
    expect(filter.mayContain(uri(1))).toBe(false);
  });

  test('its data stays what it was: filters written yesterday are read today', () => {
    const filter = BloomFilter.empty(4, 0.01);
    filter.add('https://peer.example/users/alice');
    filter.add('https://peer.example/users/bob');
    expect(filter.toData()).toEqual({ bits: 'gHsMZUCIBgw', hashes: 11 });
  });

  test.each<[string, unknown]>([
    ['no bits', { bits: '', hashes: 3 }],
    ['bits that are no text', { bits: 17, hashes: 3 }],
    ['bits with padding', { bits: 'AAAAAAAAAAA=', hashes: 3 }],
    ['bits of standard base64', { bits: 'AA+/', hashes: 3 }],
    ['bits that are not whole bytes', { bits: 'AAAAA', hashes: 3 }],
    ['stray bits behind the last byte', { bits: 'AB', hashes: 3 }],
    ['no hashes', { bits: 'AAAA', hashes: 0 }],
    ['half a hash', { bits: 'AAAA', hashes: 1.5 }],
    ['hashes without end', { bits: 'AAAA', hashes: 1e9 }],
    ['hashes that are no number', { bits: 'AAAA', hashes: '3' }],
    ['more than a snapshot', { bits: 'A'.repeat(12 * 1024 * 1024), hashes: 3 }],
  ])('fromData() refuses %s', (_, data) => {
    expect(() => BloomFilter.fromData(data as BloomFilterData)).toThrowError(
      expect.objectContaining({ code: 'bloom-malformed' }),
    );
  });

  test('full() claims everybody, also after a journey', () => {
    const filter = BloomFilter.fromData(BloomFilter.full().toData());
    fc.assert(fc.property(fc.webUrl(), (uri) => filter.mayContain(uri)));
  });

  test.each<[number, number]>([
    [10, 0],
    [10, 1],
    [10, Number.NaN],
    [1e12, 0.01],
    [Number.POSITIVE_INFINITY, 0.01],
  ])('empty(%d, %d) is refused', (items, rate) => {
    expect(() => BloomFilter.empty(items, rate)).toThrowError(expect.objectContaining({ code: 'bloom-malformed' }));
  });
});
