// The directory: what it finds, what it remembers and for how long.

import { applyD1Migrations, reset } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { D1Directory } from '../../../edge/home/directory.ts';
import { issueClaimCode } from '../../../edge/home/issue-code.ts';
import { Registry } from '../../../edge/operator/registry.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { addCode, addHome, bindings, HandClock, migrated } from './directory-database.ts';

const key = { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43) };
let clock: HandClock;
let queries: number;
let directory: D1Directory;

beforeEach(async () => {
  await reset();
  await migrated();
  clock = new HandClock();
  queries = 0;
  directory = new D1Directory(counted(bindings.DIRECTORY), clock, () => undefined);
});

/** Counts the statements that reach the database. */
function counted(database: D1Database): D1Database {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          queries += 1;
          return target.prepare(sql);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('D1Directory', () => {
  test('finds the home of a host with all its hosts and its key', async () => {
    await addHome('h1', ['b.example', 'a.example'], key);
    await addHome('h2', ['c.example'], key);
    const expected = { homeId: 'h1', hosts: ['a.example', 'b.example'], publicKey: key };
    expect(await directory.homeOf('a.example')).toEqual(expected);
    expect(await directory.home('h1')).toEqual(expected);
    expect(await directory.home('h3')).toBeNull();
  });

  test('does not take a host with a port, or a part of a host, for the host', async () => {
    await addHome('h1', ['a.example'], key);
    for (const host of ['a.example:8443', 'x.a.example', 'example', '', '%']) {
      expect(await directory.homeOf(host)).toBeNull();
    }
  });

  describe('knows which hosts the operator meant for a home,', () => {
    const issue = async (...named: string[]) => await issueClaimCode(bindings.DIRECTORY, named, clock, systemRandom);
    /** Past what the Worker remembers. */
    const isMeant = async (host: string): Promise<boolean> => {
      directory.forget([host]);
      return await directory.isMeant(host);
    };
    const noted = async (): Promise<unknown> =>
      (await bindings.DIRECTORY.prepare('SELECT host, until FROM meant_hosts ORDER BY host').all()).results;

    test('to the letter, until the code has expired, and asks once in limits.directoryFreshMs', async () => {
      await issue('a.example', 'b.example:8443');
      expect(await directory.isMeant('a.example')).toBe(true);
      expect(await directory.isMeant('b.example:8443')).toBe(true);
      for (const host of ['late.example', 'b.example', 'x.a.example', 'example', '%', '["a.example"]', '']) {
        expect(await directory.isMeant(host), host).toBe(false);
      }
      const before = queries;
      await Promise.all(Array.from({ length: 20 }, async () => await directory.isMeant('nobody.example')));
      expect(queries).toBe(before + 1);
      clock.advance(limits.claimCodeMs - 1);
      expect(await isMeant('a.example')).toBe(true);
      clock.advance(1);
      // Nobody claimed with it in time.
      expect(await isMeant('a.example')).toBe(false);
    });

    test('by one look-up, however many codes and hosts there are', async () => {
      const asked: string[] = [];
      const spied = new Proxy(bindings.DIRECTORY, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
          return (sql: string) => {
            asked.push(sql);
            return target.prepare(sql);
          };
        },
      });
      await new D1Directory(spied, clock, () => undefined).isMeant('nobody.example');
      expect(asked).toHaveLength(1);
      const plan = bindings.DIRECTORY.prepare(`EXPLAIN QUERY PLAN ${asked[0]}`).bind('nobody.example', clock.now());
      const steps = (await plan.all<{ detail: string }>()).results.map(({ detail }) => detail);
      expect(steps).toEqual([expect.stringMatching(/^SEARCH meant_hosts USING PRIMARY KEY/)]);
    });

    test('for limits.betweenHomesMs after its claim has ended, and forgets it then', async () => {
      await addHome('h1', ['a.example'], key);
      await bindings.DIRECTORY.prepare("INSERT INTO meant_hosts VALUES ('a.example', NULL)").run();
      const registry = new Registry(bindings.DIRECTORY, clock);
      await expect(registry.release('a.example', 'h2')).rejects.toMatchObject({ code: 'host-elsewhere' });
      expect(await noted()).toEqual([{ host: 'a.example', until: null }]);
      await registry.release('a.example', 'h1');
      const until = clock.now() + limits.betweenHomesMs;
      expect(await noted()).toEqual([{ host: 'a.example', until }]);
      clock.advance(limits.betweenHomesMs - 1);
      // Neither is it shorter for a code that is made now, nor longer for a release that is asked for again.
      await registry.release('a.example', 'h1');
      expect(await isMeant('a.example')).toBe(true);
      clock.advance(1);
      expect(await isMeant('a.example')).toBe(false);
      await issue('b.example');
      expect(await noted()).toEqual([{ host: 'b.example', until: clock.now() + limits.claimCodeMs }]);
    });

    test('whatever a Worker of an earlier version did, as soon as the next code is made', async () => {
      await addCode(makeClaimCode(systemRandom), ['of-before.example', 'a.example'], clock.now() + 1);
      await addCode(makeClaimCode(systemRandom), ['late.example'], clock.now());
      await addHome('h1', ['a.example'], key);
      await bindings.DIRECTORY.prepare(
        "INSERT INTO meant_hosts VALUES ('a.example', NULL), ('gone.example', NULL)",
      ).run();
      await issue('b.example');
      expect(await noted()).toEqual([
        { host: 'a.example', until: null },
        { host: 'b.example', until: clock.now() + limits.claimCodeMs },
        { host: 'gone.example', until: clock.now() + limits.betweenHomesMs },
        { host: 'of-before.example', until: clock.now() + 1 },
      ]);
    });
  });

  test('is brought up to date with the hosts that were meant before', async () => {
    await reset();
    await applyD1Migrations(bindings.DIRECTORY, bindings.TEST_MIGRATIONS.slice(0, 2));
    const soon = Date.now() + 60_000;
    await addHome('h1', ['a.example'], key);
    for (const host of ['a.example', 'released.example']) await addCode(makeClaimCode(systemRandom), [host], 1);
    await bindings.DIRECTORY.prepare("INSERT INTO claims SELECT code_hash, 'h1', 1 FROM claim_codes").run();
    await addCode(makeClaimCode(systemRandom), ['a.example', 'soon.example'], soon);
    await addCode(makeClaimCode(systemRandom), ['late.example'], Date.now() - 5_000);
    await migrated();
    const { results } = await bindings.DIRECTORY.prepare('SELECT * FROM meant_hosts ORDER BY host').all();
    expect(results).toEqual([
      { host: 'a.example', until: null },
      { host: 'released.example', until: expect.any(Number) },
      { host: 'soon.example', until: soon },
    ]);
    expect(Number(results[1]?.until) / (Date.now() + limits.betweenHomesMs)).toBeCloseTo(1, 4);
  });

  test('asks once for visitors who come together, and again only when its memory is stale', async () => {
    await addHome('h1', ['a.example'], key);
    await Promise.all(Array.from({ length: 20 }, async () => await directory.homeOf('a.example')));
    expect(queries).toBe(1);
    clock.advance(limits.directoryFreshMs - 1);
    await directory.homeOf('a.example');
    expect(queries).toBe(1);
    clock.advance(1);
    await directory.homeOf('a.example');
    expect(queries).toBe(2);
  });

  test('remembers that a host is unknown for as long, and forgets it after a claim', async () => {
    expect(await directory.homeOf('a.example')).toBeNull();
    await addHome('h1', ['a.example'], key);
    expect(await directory.homeOf('a.example')).toBeNull();
    expect(queries).toBe(1);
    directory.forget(['a.example']);
    expect((await directory.homeOf('a.example'))?.homeId).toBe('h1');
  });

  test('home() never answers from memory: a rotated key counts at once', async () => {
    await addHome('h1', ['a.example'], key);
    await directory.home('h1');
    const rotated = { ...key, x: 'b'.repeat(43) };
    await bindings.DIRECTORY.prepare('UPDATE homes SET public_key = ?').bind(JSON.stringify(rotated)).run();
    expect((await directory.home('h1'))?.publicKey).toEqual(rotated);
  });

  test('remembers no more hosts than its limit, whatever names strangers invent', async () => {
    const known = async (host: string): Promise<boolean> => {
      const before = queries;
      await directory.homeOf(host);
      return queries === before;
    };
    for (let n = 0; n < limits.memoryEntries; n++) await directory.homeOf(`${n}.example`);
    expect(await known('0.example')).toBe(true);
    await directory.homeOf('one-more.example');
    expect(await known('1.example')).toBe(true);
    expect(await known('0.example')).toBe(false);
  });

  test('a failing database is an error, and is asked again by the next visitor', async () => {
    await bindings.DIRECTORY.exec('ALTER TABLE hosts RENAME TO gone');
    await expect(directory.homeOf('a.example')).rejects.toThrow();
    await bindings.DIRECTORY.exec('ALTER TABLE gone RENAME TO hosts');
    expect(await directory.homeOf('a.example')).toBeNull();
  });
});
