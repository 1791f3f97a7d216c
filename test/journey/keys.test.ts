// Home's keys through violent times: home is killed at each step of its claim and of a change of key, the edge in the
// middle of one; then a disk is lost, and a key revoked. In the end there is always one key, which opens the link, and
// the service has seen every delivery once.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { type KeyStep, keyFileName, nextKeyFileName } from '../../home-node/key.ts';
import { OperatorClient } from '../../home-node/operator/client.ts';
import { openOperatorKey } from '../../home-node/operator/operator-key.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import type { OperatorHome } from '../../shared/operator/messages.ts';
import { type Program, until } from '../support/processes.ts';
import { RecordedDomain } from '../support/recorded-domain.ts';
import { Seeded } from '../support/seeded.ts';
import { countWrites } from '../support/writes.ts';

const entry = 'test/support/home-with-key-steps.ts';
const dice = new Seeded(Number(process.env.PORCHLIGHT_SEED ?? Date.now() % 1_000_000));
let stage: RecordedDomain;
let operator: OperatorClient;
let sent = 0;
/** Deliveries of this test. */
let ids: string[] = [];

beforeAll(async () => {
  stage = await RecordedDomain.start('keys', ['alice'], async (folder) => {
    const { publicKey } = await openOperatorKey(join(folder, 'operator-key.json'));
    return { operatorKey: publicKey.x ?? '' };
  });
  operator = new OperatorClient({
    edge: stage.domain.origin,
    key: await openOperatorKey(join(stage.folder, 'operator-key.json')),
    clock: systemClock,
    random: systemRandom,
    ca: readFileSync(stage.caFile, 'utf8'),
  });
});

beforeEach(() => {
  ids = [];
});

afterAll(async () => {
  await operator?.close();
  await stage?.end();
});

function startHome(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Program {
  return stage.domain.startHome(args, entry, env);
}

async function killedAt(step: KeyStep, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const program = startHome({ ...env, KILL_AT: step });
  await program.exited;
  expect(program.child.signalCode, program.log).toBe('SIGKILL');
}

async function awake(program: Program): Promise<void> {
  await program.line((line) => line.event === 'awake');
}

/** One more delivery, which the service must see once. */
async function deliver(): Promise<void> {
  sent += 1;
  const id = `${stage.actor('alice')}/${sent}`;
  expect(await stage.deliver('alice', id)).toBe(202);
  ids.push(id);
}

/** Of this test: a home on an empty disk asks again for what it took before. */
async function allSeenOnce(): Promise<void> {
  const seen = (): string[] => stage.recorded().flatMap(({ id }) => (ids.includes(id) ? [id] : []));
  await until('every delivery', () => (ids.every((id) => seen().includes(id)) ? true : null));
  expect(seen()).toEqual(ids);
}

async function theHome(): Promise<OperatorHome> {
  const [home, ...more] = await operator.homes();
  expect(more).toEqual([]);
  if (home === undefined) throw new Error('The edge knows no home.');
  return home;
}

async function thumbprintOf(file: string): Promise<string> {
  return await calculateJwkThumbprint(JSON.parse(readFileSync(join(stage.domain.homeFolder, file), 'utf8')) as JWK);
}

/** Waits until there is one key file, and its key is the one that the edge knows. */
async function oneKey(): Promise<string> {
  await until('one key', () => (existsSync(join(stage.domain.homeFolder, nextKeyFileName)) ? null : true));
  const key = await thumbprintOf(keyFileName);
  expect((await theHome()).key).toBe(key);
  expect(readdirSync(stage.domain.homeFolder).filter((name) => name.includes('key'))).toEqual([keyFileName]);
  return key;
}

describe('a claim', () => {
  /** A data folder as it is before the first start, and a code. */
  async function beforeClaim(): Promise<void> {
    for (const name of readdirSync(stage.domain.homeFolder)) {
      if (name !== 'porchlight.toml') rmSync(join(stage.domain.homeFolder, name), { recursive: true });
    }
    stage.domain.useCode((await operator.issueCode([stage.domain.host])).code);
  }

  test('goes on after home, or home and edge, were killed at any of its writes', async () => {
    onTestFailed(() => console.error(`The same dice again: PORCHLIGHT_SEED=${dice.seed}`));
    await beforeClaim();
    for (let kill = 0; kill < 5; kill += 1) {
      const writes = countWrites(stage.domain.homeFolder);
      const program = startHome();
      // It may be awake before so many writes; that it ended before is no error either: there was no edge.
      const settled = awake(program).catch(() => undefined);
      await Promise.race([writes.at(dice.between(1, 16)), settled]);
      writes.end();
      const withEdge = dice.next() < 0.5;
      if (withEdge) await stage.domain.killEdge();
      await stage.domain.killHome();
      if (withEdge) await stage.domain.startEdge();
    }
    await awake(startHome());
    await oneKey();
    await deliver();
    await allSeenOnce();
    await stage.domain.sleep();
  });

  test.each<KeyStep>(['key-made', 'claim-granted', 'claim-written'])('goes on after a kill at "%s"', async (step) => {
    await beforeClaim();
    await killedAt(step);
    const program = startHome();
    await awake(program);
    await oneKey();
    await deliver();
    await allSeenOnce();
    await stage.domain.sleep();
  });
});

describe('a change of key', () => {
  const steps: KeyStep[] = ['next-written', 'edge-told', 'promoted'];

  test.each(steps)('goes on after a kill at "%s": one key, and nothing lost or delivered twice', async (step) => {
    const before = await oneKey();
    await killedAt(step, { ROTATE: '1' });
    await deliver();
    const program = startHome();
    await awake(program);
    await until('another key', async () => ((await theHome()).key === before ? null : true));
    await oneKey();
    await deliver();
    await allSeenOnce();
    await stage.domain.sleep();
  });

  test('of a home that runs on: the link opens anew, and deliveries go on', async () => {
    const before = await oneKey();
    const program = startHome({ ROTATE: '1' });
    await program.line((line) => line.rotated === true);
    expect(await oneKey()).not.toBe(before);
    await deliver();
    await allSeenOnce();
    expect(program.log).not.toContain('Cannot');
    await stage.domain.sleep();
  });

  test('goes on when the edge is killed in the middle', async () => {
    const before = await oneKey();
    const program = startHome({ ROTATE: '1' });
    await program.line((line) => line.step === 'next-written');
    await stage.domain.killEdge();
    await stage.domain.startEdge();
    await until('another key', async () => ((await theHome()).key === before ? null : true));
    await oneKey();
    await deliver();
    await allSeenOnce();
    await stage.domain.sleep();
  });
});

describe('a lost disk', () => {
  test('is made good by a new code: the same home, another key, and what waited is delivered', async () => {
    const { homeId, key } = await theHome();
    await deliver();
    const toml = readFileSync(join(stage.domain.homeFolder, 'porchlight.toml'), 'utf8');
    const lost = join(stage.folder, 'lost-disk');
    mkdirSync(lost);
    for (const name of readdirSync(stage.domain.homeFolder)) {
      const from = join(stage.domain.homeFolder, name);
      if (/key|home\.json|toml/.test(name)) writeFileSync(join(lost, name), readFileSync(from), { mode: 0o600 });
      rmSync(from, { recursive: true });
    }
    writeFileSync(join(stage.domain.homeFolder, 'porchlight.toml'), toml);
    stage.domain.useCode((await operator.issueCode([stage.domain.host])).code);
    const program = startHome();
    await awake(program);
    expect(await oneKey()).not.toBe(key);
    expect((await theHome()).homeId).toBe(homeId);
    await allSeenOnce();

    // Whoever found the disk is refused, and told what an owner needs to know.
    const finder = stage.domain.startAnother(lost, entry);
    await until('advice', () => (finder.log.includes('The edge knows another key for this home') ? true : null));
    await finder.kill();
    await deliver();
    await allSeenOnce();
  });
});

describe('a revoked key', () => {
  test('is out at once; a new code lets the same folder in with a new key', async () => {
    const { homeId, key } = await theHome();
    const { home } = stage.domain;
    await operator.revoke(stage.domain.host);
    await until('advice', () => (home.log.includes('has revoked this home') ? true : null));
    await stage.domain.killHome();
    await deliver();
    stage.domain.useCode((await operator.issueCode([stage.domain.host])).code);
    await killedAt('next-written');
    await killedAt('claim-written');
    const program = startHome();
    await awake(program);
    expect(await oneKey()).not.toBe(key);
    expect(await theHome()).toMatchObject({ homeId, revokedAt: null });
    await allSeenOnce();
    expect(program.log).not.toContain(key);
  });
});
