// What the edge goes by, for any claim, part and snapshot; and which of many parts counts, in any order of arrival.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EdgePart } from '../../../shared/config/edge-part.ts';
import { goesBy } from '../../../shared/config/goes-by.ts';
import { rising, type Versioned } from '../../../shared/config/rising.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';

const host = fc.constantFrom<string[]>('a.example', 'b.example', 'c.example', 'd.example');
const hosts = fc.uniqueArray(host);
const name = fc.constantFrom('home', 'social', 'blog');
const signatures = fc.subarray(['cavage', 'rfc9421'] as const);
const words = { language: fc.constantFrom('en', 'de'), title: fc.string({ minLength: 1 }) };

const someParts: fc.Arbitrary<EdgePart> = fc.record({
  version: fc.nat(9),
  hosts,
  ...words,
  services: fc.uniqueArray(fc.record({ name, kind: fc.constant('embedded'), hosts, signatures }), {
    selector: (service) => service.name,
  }),
  statusPage: fc.boolean(),
});

const someSnapshots: fc.Arbitrary<Snapshot> = fc.record({
  version: fc.nat(9),
  madeAt: fc.nat(),
  ...words,
  complete: fc.boolean(),
  services: fc.uniqueArray(fc.record({ name, hosts, inboxes: fc.constant(['/inbox']), signatures }), {
    selector: (service) => service.name,
  }),
  accounts: fc.constant([]),
  nodeinfo: fc.constant(null),
  documents: fc.array(fc.record({ host, path: fc.constant('/a'), contentType: fc.constant('a/b'), body: fc.string() })),
  knownActors: fc.constant({ bits: 'AAAA', hashes: 3 }),
});

describe('what the edge goes by', () => {
  test('is without a part what the snapshot says, the very same', () => {
    fc.assert(
      fc.property(hosts, fc.option(someSnapshots), (claimed, snapshot) => {
        const said = goesBy(claimed, null, snapshot);
        expect(said.snapshot).toBe(snapshot);
        expect(said.hosts).toEqual(claimed);
        expect(said.words?.title).toBe(snapshot?.title);
        expect(said.statusPage).toBe(true);
      }),
    );
  });

  test('is never wider than the claim, nor than the part, nor than the snapshot', () => {
    fc.assert(
      fc.property(hosts, someParts, someSnapshots, (claimed, part, snapshot) => {
        const said = goesBy(claimed, part, snapshot);
        const allowed = claimed.filter((one) => part.hosts.includes(one));
        expect(said.hosts).toEqual(allowed);
        for (const service of said.services) expect(allowed).toEqual(expect.arrayContaining([...service.hosts]));
        for (const service of said.snapshot?.services ?? []) {
          const [left, told] = [snapshot, part].map(({ services }) =>
            services.find((one) => one.name === service.name),
          );
          for (const one of service.hosts) {
            expect([allowed.includes(one), left?.hosts.includes(one), told?.hosts.includes(one)]).toEqual([
              true,
              true,
              true,
            ]);
          }
          expect(service.signatures).toEqual(told?.signatures);
        }
        for (const document of said.snapshot?.documents ?? []) {
          expect(allowed).toContain(document.host);
          expect(snapshot.documents).toContain(document);
        }
      }),
    );
  });

  test('has the words and the wish of the part wherever there is one', () => {
    fc.assert(
      fc.property(hosts, someParts, fc.option(someSnapshots), (claimed, part, snapshot) => {
        const { language, title, statusPage } = part;
        const said = goesBy(claimed, part, snapshot);
        expect([said.words, said.statusPage]).toEqual([{ language, title }, statusPage]);
        if (said.snapshot !== null) expect(said.snapshot).toMatchObject({ language, title });
        expect(said.snapshot === null).toBe(snapshot === null);
      }),
    );
  });

  test('keeps accounts of a name that was left out: "nobody is here" would end them at other servers', () => {
    fc.assert(
      fc.property(hosts, someParts, someSnapshots, (claimed, part, snapshot) => {
        expect(goesBy(claimed, part, snapshot).snapshot?.accounts).toBe(snapshot.accounts);
      }),
    );
  });
});

describe('rising versions', () => {
  const versioned: fc.Arbitrary<Versioned> = fc.record({
    version: fc.nat(9),
    digest: fc.constantFrom('x', 'y', 'z'),
    key: fc.constant('one key'),
  });
  const heldOf = (there: Versioned | null, arriving: readonly Versioned[]): Versioned | null =>
    arriving.reduce((held, next) => (rising(held, next) === 'later' ? next : held), there);

  test('end at the highest, in whatever order they arrive and however often', () => {
    // Content belongs to its version, as home makes it.
    const made = fc
      .uniqueArray(fc.nat(20), { minLength: 1 })
      .map((versions) => versions.map((version) => ({ version, digest: `content ${version}`, key: null })));
    const shuffled = made.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([all, arriving]) => {
        const highest = Math.max(...all.map(({ version }) => version));
        expect(heldOf(null, arriving)).toEqual({ version: highest, digest: `content ${highest}`, key: null });
      }),
    );
  });

  test('never fall, and never change what is there under its version', () => {
    fc.assert(
      fc.property(fc.option(versioned), fc.array(versioned), (there, arriving) => {
        let held = there;
        for (const next of arriving) {
          const then = heldOf(held, [next]);
          if (held !== null && then?.digest !== held.digest) expect(then?.version).toBeGreaterThan(held.version);
          if (held !== null && next.version === held.version && next.digest !== held.digest) {
            expect(rising(held, next)).toBe('older');
          }
          if (held !== null && next.digest === held.digest && next.version === held.version) {
            expect(rising(held, next)).toBe('same');
          }
          held = then;
        }
      }),
    );
  });

  test('of one key bind no other key, and those of an unknown key bind all', () => {
    const highest = { version: Number.MAX_SAFE_INTEGER, digest: 'x' };
    const low = { version: 1, digest: 'y', key: 'new' };
    expect(rising({ ...highest, key: 'stolen' }, low)).toBe('later');
    expect(rising({ ...highest, key: 'new' }, low)).toBe('older');
    expect(rising({ ...highest, key: null }, low)).toBe('older');
  });
});
