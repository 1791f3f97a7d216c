// The directory: what it finds, what it remembers and for how long.

import { reset } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { D1Directory } from '../../../edge/home/directory.ts';
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

  test('knows which hosts the operator meant for a home, claimed or not, and asks once in limits.directoryFreshMs', async () => {
    await addCode(makeClaimCode(systemRandom), ['a.example', 'b.example:8443'], clock.now() + 1);
    await addCode(makeClaimCode(systemRandom), ['late.example'], clock.now());
    expect(await directory.isMeant('a.example')).toBe(true);
    expect(await directory.isMeant('b.example:8443')).toBe(true);
    for (const host of ['late.example', 'b.example', 'x.a.example', 'example', '%', '["a.example"]', '']) {
      expect(await directory.isMeant(host), host).toBe(false);
    }
    const before = queries;
    await Promise.all(Array.from({ length: 20 }, async () => await directory.isMeant('nobody.example')));
    expect(queries).toBe(before + 1);
    clock.advance(limits.directoryFreshMs);
    // Nobody claimed with it in time.
    expect(await directory.isMeant('a.example')).toBe(false);
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
