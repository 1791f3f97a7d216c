// Letting a home in: who gets which hosts, once, and what races do.

import { reset } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { ClaimDesk, type ClaimFacts, judgeClaim } from '../../../edge/home/claim.ts';
import type { VerifiedClaim } from '../../../shared/claim/claim.ts';
import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../../shared/claim/code.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { addCode, bindings, HandClock, migrated } from './directory-database.ts';

let clock: HandClock;
let desk: ClaimDesk;

beforeEach(async () => {
  await reset();
  await migrated();
  clock = new HandClock();
  desk = new ClaimDesk(bindings.DIRECTORY, clock, systemRandom);
});

async function issued(hosts: readonly string[], replaces: string | null = null): Promise<string> {
  const code = makeClaimCode(systemRandom);
  await addCode(code, hosts, clock.now() + limits.claimCodeMs, replaces);
  return code;
}

async function claimOf(code: string, key: string): Promise<VerifiedClaim> {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: key.repeat(43) };
  return { codeHash: await hashClaimCode(parseClaimCode(code)), publicKey, thumbprint: key };
}

async function rows(table: string): Promise<number> {
  const counted = await bindings.DIRECTORY.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>();
  return counted?.n ?? -1;
}

describe('a claim', () => {
  test('gives a new home the hosts of its code', async () => {
    const reply = await desk.claim(await claimOf(await issued(['b.example', 'a.example']), 'k'));
    expect(reply).toEqual({
      homeId: expect.stringMatching(/^[0-9a-f]{32}$/),
      hosts: ['a.example', 'b.example'],
      already: false,
    });
  });

  test('of limits.claimHosts hosts is a few statements: the platform counts each, and takes 50 of one call', async () => {
    const hosts = Array.from({ length: limits.claimHosts }, (_, n) => `h${n}.example`);
    let statements = 0;
    const counted = new Proxy(bindings.DIRECTORY, {
      get: (target, name) => {
        if (name !== 'batch') return Reflect.get(target, name).bind(target) as unknown;
        return async (batch: D1PreparedStatement[]) => {
          statements += batch.length;
          return await target.batch(batch);
        };
      },
    });
    const reply = await new ClaimDesk(counted, clock, systemRandom).claim(await claimOf(await issued(hosts), 'k'));
    expect(reply).toMatchObject({ hosts: expect.arrayContaining(hosts) as unknown });
    expect(await rows('meant_hosts WHERE until IS NULL')).toBe(limits.claimHosts);
    expect(statements).toBeLessThan(20);
  });

  test('by the same key again is told that it has been claimed, even when the code has expired since', async () => {
    const claim = await claimOf(await issued(['a.example']), 'k');
    const first = await desk.claim(claim);
    clock.advance(limits.claimCodeMs);
    expect(await desk.claim(claim)).toEqual({ ...first, already: true });
    expect(await rows('homes')).toBe(1);
  });

  test('with a code that is unknown, used by another or expired is refused, and all three look alike', async () => {
    const used = await issued(['a.example']);
    await desk.claim(await claimOf(used, 'k'));
    const late = await issued(['b.example']);
    clock.advance(limits.claimCodeMs);
    for (const code of [makeClaimCode(systemRandom), used, late]) {
      expect(await desk.claim(await claimOf(code, 'x'))).toEqual({ refused: 'code' });
    }
    expect(await rows('homes')).toBe(1);
  });

  test('for a host of another home is refused whole, and leaves the code unused', async () => {
    await desk.claim(await claimOf(await issued(['a.example']), 'k'));
    const code = await issued(['a.example', 'b.example']);
    expect(await desk.claim(await claimOf(code, 'x'))).toEqual({ refused: 'host-taken' });
    expect(await rows('hosts')).toBe(1);
    expect(await rows('claims')).toBe(1);
  });

  test('by a known home adds the hosts of a further code', async () => {
    const first = await desk.claim(await claimOf(await issued(['a.example']), 'k'));
    const second = await desk.claim(await claimOf(await issued(['a.example', 'b.example']), 'k'));
    expect(second).toEqual({ ...first, hosts: ['a.example', 'b.example'] });
  });

  test('with a code that replaces a lost key keeps the home and its hosts, and the old key is out', async () => {
    const first = await desk.claim(await claimOf(await issued(['a.example']), 'k'));
    if ('refused' in first) throw new Error('The first claim was refused.');
    const reply = await desk.claim(await claimOf(await issued(['a.example'], first.homeId), 'n'));
    expect(reply).toEqual(first);
    const home = await bindings.DIRECTORY.prepare('SELECT * FROM homes').all();
    expect(home.results).toMatchObject([{ home_id: first.homeId, key_thumbprint: 'n' }]);
  });

  test('cannot replace a home’s key by one that is another home’s', async () => {
    const first = await desk.claim(await claimOf(await issued(['a.example']), 'k'));
    await desk.claim(await claimOf(await issued(['b.example']), 'm'));
    if ('refused' in first) throw new Error('The first claim was refused.');
    const code = await issued(['a.example'], first.homeId);
    expect(await desk.claim(await claimOf(code, 'm'))).toEqual({ refused: 'key-taken' });
  });

  test('wins a race for one code alone: the others are refused and nothing of them stays', async () => {
    const code = await issued(['a.example']);
    const racers = ['k', 'l', 'm', 'n', 'o'];
    const outcomes = await Promise.all(racers.map(async (key) => await desk.claim(await claimOf(code, key))));
    expect(outcomes.filter((outcome) => !('refused' in outcome))).toHaveLength(1);
    expect(outcomes.filter((outcome) => 'refused' in outcome && outcome.refused === 'code')).toHaveLength(4);
    expect([await rows('homes'), await rows('hosts'), await rows('claims')]).toEqual([1, 1, 1]);
  });

  test('wins a race for one host by two codes alone', async () => {
    const codes = [await issued(['a.example', 'b.example']), await issued(['c.example', 'a.example'])];
    const outcomes = await Promise.all(
      codes.map(async (code, index) => await desk.claim(await claimOf(code, `${index}`))),
    );
    expect(outcomes.filter((outcome) => 'refused' in outcome)).toEqual([{ refused: 'host-taken' }]);
    expect([await rows('homes'), await rows('hosts'), await rows('claims')]).toEqual([1, 2, 1]);
  });

  test('sent twice at once by one home is one claim', async () => {
    const claim = await claimOf(await issued(['a.example']), 'k');
    const [one, two] = await Promise.all([desk.claim(claim), desk.claim(claim)]);
    expect({ ...one, already: false }).toEqual({ ...two, already: false });
    expect(await rows('homes')).toBe(1);
  });

  test('that the database cannot take is an error, not a refusal', async () => {
    const claim = await claimOf(await issued(['a.example']), 'k');
    await bindings.DIRECTORY.exec('ALTER TABLE claims RENAME TO gone');
    await expect(desk.claim(claim)).rejects.toThrow();
  });
});

describe('judgeClaim()', () => {
  const code = { hosts: ['a', 'b'], replaces: null, expiresAt: 10, usedBy: null };
  const none: ClaimFacts = { code, keyOwner: null, keyRevoked: false, owners: new Map() };

  test('grants until the moment of expiry', () => {
    expect(judgeClaim(none, 9)).toEqual({ verdict: 'granted', homeId: null, newKey: false, add: ['a', 'b'] });
    expect(judgeClaim(none, 10)).toEqual({ verdict: 'refused', reason: 'code' });
  });

  test('a code that replaces home h gives nothing of another home', () => {
    const owners = new Map([['b', 'other']]);
    expect(judgeClaim({ ...none, code: { ...code, replaces: 'h' }, owners }, 0)).toMatchObject({
      reason: 'host-taken',
    });
  });

  test('a key that was replaced counts as new: it cannot use what its home had used', () => {
    expect(judgeClaim({ ...none, code: { ...code, usedBy: 'h' } }, 0)).toEqual({ verdict: 'refused', reason: 'code' });
  });
});
