// When the edge is told of the settings, under which version, and what becomes of its refusals.

import { compactVerify, decodeJwt, generateKeyPair } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { versionsOf } from '../../../home-node/bedtime/rising-version.ts';
import { EdgeRefusal } from '../../../home-node/edge-api/send.ts';
import { createLog } from '../../../home-node/log.ts';
import { ConfigLeaver } from '../../../home-node/settings/leave-config.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { rising } from '../../../shared/config/rising.ts';

const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
const now = 1_790_000_000_000;

interface Sent {
  readonly version: number;
  readonly title: string;
  readonly digest: string;
}

const another = await generateKeyPair('EdDSA', { crv: 'Ed25519' });

let title: string;
let keyNow = privateKey;
let sent: Sent[];
let there: Sent | null;
let answer: () => void;
let said: string[];
let stored: number;

beforeEach(() => {
  title = 'one';
  keyNow = privateKey;
  sent = [];
  there = null;
  answer = () => undefined;
  said = [];
  stored = 0;
});

function configNow(): HomeConfig {
  const reading = parseHomeConfig(`domain = "a.example"\ntitle = "${title}"`);
  if ('config' in reading) return reading.config;
  throw new Error(JSON.stringify(reading.faults));
}

function refusal(status: number, reason: string): EdgeRefusal {
  return new EdgeRefusal({ method: 'PUT', path: '/config' }, status, reason);
}

function leaver(): ConfigLeaver {
  const numbers = {
    number: () => stored,
    raise: async (_: string, value: number) => {
      stored = Math.max(stored, value);
      return await Promise.resolve(stored);
    },
  };
  return new ConfigLeaver({
    clock: { now: () => now },
    log: createLog('debug', systemClock, (line) => said.push(line)),
    config: configNow,
    edge: 'https://a.example',
    homeId: 'h',
    key: () => keyNow,
    nextVersion: versionsOf(numbers, 'config-version'),
    // As the edge judges.
    send: async (jws) => {
      const part = decodeJwt<{ version: number; title: string }>(jws);
      const arriving = { version: part.version, title: part.title, digest: jws };
      sent.push(arriving);
      answer();
      const judged = rising(there && { ...there, key: null }, { ...arriving, key: null });
      if (judged === 'older') throw refusal(409, 'config-older');
      if (judged === 'later') there = arriving;
      await Promise.resolve();
    },
  });
}

describe('leaving settings', () => {
  test('happens once for what did not change, and under a later version for what did', async () => {
    const config = leaver();
    expect([await config.leave(), await config.leave()]).toEqual([true, true]);
    expect(sent.map(({ version }) => version)).toEqual([now]);
    title = 'two';
    expect(await config.leave()).toBe(true);
    expect(sent.map((one) => [one.version, one.title])).toEqual([
      [now, 'one'],
      [now + 1, 'two'],
    ]);
  });

  test('happens at each connection, with the same bytes, which cost the edge no write', async () => {
    const config = leaver();
    await config.leave();
    config.forget();
    await config.leave();
    await config.leave();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.digest).toBe(sent[0]?.digest);
  });

  test('is signed anew when home has another key since: the old signature would be refused', async () => {
    const config = leaver();
    await config.leave();
    config.forget();
    keyNow = another.privateKey;
    await config.leave();
    expect(sent.map(({ version }) => version)).toEqual([now, now + 1]);
    await expect(compactVerify(sent[1]?.digest ?? '', another.publicKey)).resolves.toBeDefined();
  });

  test('is said anew when the edge has a later one meanwhile', async () => {
    const config = leaver();
    await config.leave();
    there = { version: now + 5, title: 'of an earlier disk', digest: 'x' };
    config.forget();
    expect(await config.leave()).toBe(true);
    expect(there).toMatchObject({ title: 'one' });
    expect(there.version).toBeGreaterThan(now + 5);
  });

  test('jumps above what is there when home forgot its versions and its clock is years behind', async () => {
    const years = 30 * 365 * 24 * 3600 * 1000;
    there = { version: now + years, title: 'of an earlier disk', digest: 'x' };
    expect(await leaver().leave()).toBe(true);
    expect(there).toMatchObject({ title: 'one' });
    expect(sent.length).toBeLessThan(8);
  });

  test('is given up for a clock that no step reaches, and told', async () => {
    there = { version: Number.MAX_SAFE_INTEGER, title: 'x', digest: 'x' };
    expect(await leaver().leave()).toBe(false);
    expect(said.join()).toContain('config-older');
  });

  test('is no failure at an edge of an earlier version, which is asked again at the next connection', async () => {
    answer = () => {
      throw refusal(404, 'no-such-call');
    };
    const config = leaver();
    expect([await config.leave(), await config.leave()]).toEqual([true, true]);
    expect([sent.length, said.length]).toEqual([1, 1]);
    answer = () => undefined;
    config.forget();
    expect(await config.leave()).toBe(true);
    expect(there).toMatchObject({ title: 'one' });
  });

  test('that failed is told with the edge’s reason, and tried again', async () => {
    answer = () => {
      throw refusal(400, 'config-foreign-host');
    };
    const config = leaver();
    expect(await config.leave()).toBe(false);
    expect(said.join()).toContain('config-foreign-host');
    answer = () => undefined;
    expect(await config.leave()).toBe(true);
    expect(there?.version).toBeGreaterThan(now);
  });
});
