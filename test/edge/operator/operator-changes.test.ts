// What the operator changes: codes, keys, hosts; that each change counts at once, and does no harm when it is asked again.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Registry } from '../../../edge/operator/registry.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { CodeReply, WaitingCode } from '../../../shared/operator/messages.ts';
import { bindings, HandClock, migrated } from '../home/directory-database.ts';
import { SmallHome } from '../router/small-home.ts';
import { codeOf, hashOf, SmallOperator } from './small-operator.ts';

let operator: SmallOperator;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `o${tests}.example`;
  origin = `https://${host}`;
  operator = new SmallOperator(`https://edge${tests}.example`);
});

async function codes(): Promise<WaitingCode[]> {
  return ((await (await operator.call('GET', 'codes')).json()) as { codes: WaitingCode[] }).codes;
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    (thrown: Error) => thrown.message,
  );
}

describe('a code', () => {
  test('lets a home in; its hosts are written as requests name them, each once', async () => {
    const code = makeClaimCode(systemRandom);
    const asked = { hosts: [host.toUpperCase(), `www.${host}:443`, host] };
    const reply = await operator.call('PUT', `codes/${await hashOf(code)}`, asked);
    expect(await reply.json()).toEqual({
      hosts: [host, `www.${host}`],
      expiresAt: expect.any(Number),
      replaces: null,
    });
    const home = await SmallHome.claimedWith(origin, code);
    expect(await operator.home(home.homeId)).toEqual({
      homeId: home.homeId,
      hosts: [host, `www.${host}`],
      key: expect.stringMatching(/^[\w-]{43}$/),
      claimedAt: expect.any(Number),
      keySince: expect.any(Number),
      revokedAt: null,
    });
  });

  test('is listed until it is used, by the beginning of its hash alone', async () => {
    const code = await operator.code(host);
    const [listed] = await codes();
    expect(listed).toMatchObject({ hosts: [host], replaces: null });
    expect((await hashOf(code)).startsWith(listed?.hashPrefix ?? '')).toBe(true);
    expect(JSON.stringify(listed)).not.toContain(await hashOf(code));
    await SmallHome.claimedWith(origin, code);
    expect(await codes()).toEqual([]);
  });

  test('made known again changes nothing: not its time, not its hosts, not that it was used', async () => {
    const clock = new HandClock();
    const registry = new Registry(bindings.DIRECTORY, clock);
    const code = makeClaimCode(systemRandom);
    const hash = await hashOf(code);
    const first = await registry.putCode(hash, [host]);
    expect(first.expiresAt).toBe(clock.now() + limits.claimCodeMs);
    clock.advance(60_000);
    expect(await registry.putCode(hash, [host])).toEqual(first);
    expect(await refusalOf(registry.putCode(hash, ['other.example']))).toContain('this one is known');
    clock.advance(limits.claimCodeMs);
    expect(await registry.putCode(hash, [host])).toEqual(first);
    expect(await registry.codes()).toEqual([]);
  });

  test('used and made known again by the same call does not let a second key in', async () => {
    const code = makeClaimCode(systemRandom);
    const recorded = await operator.request('PUT', `codes/${await hashOf(code)}`, { hosts: [host] });
    expect((await SELF.fetch(recorded.clone())).status).toBe(200);
    await SmallHome.claimedWith(origin, code);
    expect((await SELF.fetch(recorded)).status).toBe(200);
    const thief = await SmallHome.claimed(`https://thief-${host}`);
    expect(await codeOf(await thief.claim(code))).toEqual([403, 'claim-refused']);
  });

  test('is refused for no hosts, for more than limits.claimHosts, for what is no host, and for those of two homes', async () => {
    const put = async (hosts: unknown, hash = 'a'.repeat(43)): Promise<[number, string]> =>
      await codeOf(await operator.call('PUT', `codes/${hash}`, { hosts }));
    const many = Array.from({ length: limits.claimHosts + 1 }, (_, n) => `${n}.example`);
    for (const hosts of [[], many, ['a b'], ['https://a.example'], ['a.example/x'], ['']]) {
      expect(await put(hosts)).toEqual([400, 'code-hosts']);
    }
    for (const hosts of ['a.example', [7], null]) expect(await put(hosts)).toEqual([400, 'operator-malformed']);
    expect(await put([host], 'short')).toEqual([400, 'operator-malformed']);
    await SmallHome.claimed(origin);
    await SmallHome.claimed(`https://other-${host}`);
    expect(await put([host, `other-${host}`])).toEqual([409, 'code-homes']);
  });

  test('that is known is not made good for other hosts by the same hash', async () => {
    const name = `codes/${await hashOf(makeClaimCode(systemRandom))}`;
    expect((await operator.call('PUT', name, { hosts: [host] })).status).toBe(200);
    const wider = await operator.call('PUT', name, { hosts: [host, `victim-${host}`] });
    expect(await codeOf(wider)).toEqual([409, 'code-known']);
    expect(await codes()).toMatchObject([{ hosts: [host] }]);
  });

  test('for hosts of one home says that it replaces that home’s key', async () => {
    const home = await SmallHome.claimed(origin);
    const hash = await hashOf(makeClaimCode(systemRandom));
    const reply = (await (await operator.call('PUT', `codes/${hash}`, { hosts: [host] })).json()) as CodeReply;
    expect(reply.replaces).toBe(home.homeId);
  });

  test('that is dropped lets nobody in, and is not brought back by the call that made it known', async () => {
    const code = makeClaimCode(systemRandom);
    const hash = await hashOf(code);
    const recorded = await operator.request('PUT', `codes/${hash}`, { hosts: [host] });
    await SELF.fetch(recorded.clone());
    for (const name of [hash.slice(0, 8), hash, hash.slice(0, 8)]) {
      expect((await operator.call('DELETE', `codes/${name}`)).status).toBe(200);
    }
    expect(await codeOf(await SELF.fetch(recorded))).toEqual([409, 'code-dropped']);
    expect(await codes()).toEqual([]);
    const late = await SmallHome.claimed(`https://late-${host}`);
    expect(await codeOf(await late.claim(code))).toEqual([403, 'claim-refused']);
  });

  test('cannot be dropped when a home has used it, when there is none, or when two could be meant', async () => {
    const drop = async (name: string): Promise<[number, string]> =>
      await codeOf(await operator.call('DELETE', `codes/${name}`));
    const code = await operator.code(host);
    await SmallHome.claimedWith(origin, code);
    expect(await drop(await hashOf(code))).toEqual([409, 'code-used']);
    expect(await drop('b'.repeat(43))).toEqual([404, 'no-code']);
    expect(await drop('b'.repeat(7))).toEqual([400, 'operator-malformed']);
    expect(await drop('%25%25%25%25%25%25%25%25')).toEqual([400, 'operator-malformed']);
    for (const end of ['x', 'y']) {
      await operator.call('PUT', `codes/${'c'.repeat(42)}${end}`, { hosts: ['a.example'] });
    }
    expect(await drop('c'.repeat(8))).toEqual([409, 'code-ambiguous']);
    expect(await codes()).toHaveLength(2);
  });
});

describe('a list', () => {
  test('of homes comes in parts of limits.operatorListed; one of codes ends there', async () => {
    const database = await migrated();
    const ids = Array.from({ length: limits.operatorListed + 1 }, (_, n) => String(n).padStart(5, '0'));
    await database.batch(
      ids.map((id) => database.prepare('INSERT INTO homes VALUES (?, ?, ?)').bind(id, '{}', `thumbprint-${id}`)),
    );
    const registry = new Registry(database, systemClock);
    const first = await registry.homes('');
    expect([first.homes.length, first.next]).toEqual([limits.operatorListed, ids.at(-2)]);
    expect(await registry.homes(first.next ?? '')).toMatchObject({ homes: [{ homeId: ids.at(-1) }], next: null });
    await database.batch(
      ids.map((id) => database.prepare('INSERT INTO claim_codes VALUES (?, ?, NULL, ?)').bind(id, '[]', 9e15)),
    );
    expect(await registry.codes()).toHaveLength(limits.operatorListed);
  });
});

describe('a revoked key', () => {
  test('loses link, session and handshake at once', async () => {
    const home = await SmallHome.claimed(origin);
    await home.connect();
    expect((await operator.revoke(home.homeId)).status).toBe(200);
    await vi.waitUntil(() => home.refusals.length > 0);
    expect(home.refusals).toMatchObject([{ code: 'revoked', reason: expect.stringContaining('claim code') }]);
    expect(await codeOf(await home.call('GET', 'spool'))).toEqual([403, 'revoked']);
    expect(await codeOf(await home.call('PUT', 'snapshot', {}))).toEqual([403, 'revoked']);
    await expect(home.connect()).rejects.toThrow('revoked');
    // Visitors are told what they are told when home sleeps; nobody else gets the host.
    expect((await SELF.fetch(`${origin}/`)).status).toBe(503);
    const other = await SmallHome.claimed(`https://other-${host}`);
    expect((await operator.home(other.homeId)).revokedAt).toBeNull();
  });

  test('cannot claim, neither again with its code, nor with a new one, nor for another host', async () => {
    const code = await operator.code(host);
    const home = await SmallHome.claimedWith(origin, code);
    await operator.revoke(home.homeId);
    expect(await codeOf(await home.claim(code))).toEqual([403, 'key-revoked']);
    expect(await codeOf(await home.claim(await operator.code(host)))).toEqual([403, 'key-revoked']);
    expect(await codeOf(await home.claim(await operator.code(`x.${host}`)))).toEqual([403, 'key-revoked']);
    // Who has no code learns nothing about keys.
    expect(await codeOf(await home.claim(makeClaimCode(systemRandom)))).toEqual([403, 'claim-refused']);
  });

  test('gives way to a new key by a new code, which the same call, sent again, does not touch', async () => {
    const home = await SmallHome.claimed(origin);
    const { key } = await operator.home(home.homeId);
    const recorded = await operator.request('POST', `homes/${home.homeId}/revoke`, { key });
    const first = (await (await SELF.fetch(recorded.clone())).json()) as { revokedAt: number };
    expect(first).toEqual({ homeId: home.homeId, key, revokedAt: expect.any(Number) });
    const again = await SmallHome.claimedWith(origin, await operator.code(host));
    expect(again.homeId).toBe(home.homeId);
    await again.connect();
    expect(await (await SELF.fetch(recorded)).json()).toEqual(first);
    expect((await again.call('GET', 'spool')).status).toBe(200);
    expect(again.refusals).toEqual([]);
    expect(await operator.home(home.homeId)).toMatchObject({ revokedAt: null });
    await expect(home.connect()).rejects.toThrow('proof-refused');
    expect(await codeOf(await home.claim(await operator.code(`x.${host}`)))).toEqual([403, 'key-revoked']);
  });

  test('is named: another key of the home, another home, and no home are refused', async () => {
    const home = await SmallHome.claimed(origin);
    const other = await SmallHome.claimed(`https://other-${host}`);
    const { key } = await operator.home(other.homeId);
    const revoke = async (homeId: string, asked: unknown): Promise<[number, string]> =>
      await codeOf(await operator.call('POST', `homes/${homeId}/revoke`, asked));
    expect(await revoke(home.homeId, { key })).toEqual([409, 'key-not-current']);
    expect(await revoke('nobody', { key })).toEqual([404, 'no-home']);
    expect(await revoke(home.homeId, {})).toEqual([400, 'operator-malformed']);
    await other.connect();
    expect((await other.call('GET', 'spool')).status).toBe(200);
  });
});

describe('a released host', () => {
  test('is nobody’s, until another home claims it', async () => {
    const home = await SmallHome.claimed(origin, `www.${host}`);
    await home.connect();
    const release = { homeId: home.homeId };
    expect((await operator.call('POST', `hosts/www.${host}/release`, release)).status).toBe(200);
    await vi.waitUntil(() => home.refusals.length > 0);
    expect(home.refusals).toMatchObject([{ code: 'host-released' }]);
    expect((await SELF.fetch(`https://www.${host}/`)).status).toBe(421);
    await home.connect();
    expect((await home.call('GET', 'spool')).status).toBe(200);
    const next = await SmallHome.claimedWith(`https://www.${host}`, await operator.code(`www.${host}`));
    expect(next.homeId).not.toBe(home.homeId);
    expect((await operator.home(home.homeId)).hosts).toEqual([host]);
  });

  test('is not taken from another home by the same call, sent again', async () => {
    const home = await SmallHome.claimed(origin, `www.${host}`);
    const release = { homeId: home.homeId };
    const recorded = await operator.request('POST', `hosts/www.${host}/release`, release);
    expect((await SELF.fetch(recorded.clone())).status).toBe(200);
    expect((await SELF.fetch(recorded.clone())).status).toBe(200);
    const next = await SmallHome.claimedWith(`https://www.${host}`, await operator.code(`www.${host}`));
    expect(await codeOf(await SELF.fetch(recorded))).toEqual([409, 'host-elsewhere']);
    expect((await operator.home(next.homeId)).hosts).toEqual([`www.${host}`]);
    expect(await codeOf(await operator.call('POST', `hosts/${host}/release`, {}))).toEqual([400, 'operator-malformed']);
  });

  test('that was a home’s last leaves a home that cannot dial', async () => {
    const home = await SmallHome.claimed(origin);
    await home.connect();
    await operator.call('POST', `hosts/${host}/release`, { homeId: home.homeId });
    expect((await operator.home(home.homeId)).hosts).toEqual([]);
    await expect(home.connect()).rejects.toThrow('did not open a socket');
    expect(await codeOf(await home.call('GET', 'spool'))).toEqual([421, 'unknown-host']);
  });
});
