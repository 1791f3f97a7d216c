// Two neighbours over HTTPS with a test authority: the program that stands in for other servers does what it is told,
// signs in the way it was asked to, and says what it heard.

import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeCertificates } from '../../support/certificates.ts';
import { ask } from '../../support/processes.ts';
import { hears, makeFolder, type NeighbourUnderTest, startNeighbour } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a neighbour', () => {
  let folder: string;
  let one: NeighbourUnderTest;
  let other: NeighbourUnderTest;
  beforeAll(async () => {
    folder = makeFolder();
    const { caFile, keyFile, certFile } = await makeCertificates(folder);
    const secure = ['--tls-key', keyFile, '--tls-cert', certFile];
    const env = { NODE_EXTRA_CA_CERTS: caFile };
    one = await startNeighbour([...secure, '--name', 'one', '--first-knock', 'cavage'], env);
    other = await startNeighbour([...secure, '--name', 'other'], env);
  });
  afterAll(async () => {
    await one.program.kill();
    await other.program.kill();
    rmSync(folder, { recursive: true });
  });

  test('finds another by its handle and talks to it over HTTPS', async () => {
    expect(one.handle).toBe(`@one@${new URL(one.origin).host}`);
    const found = await ask<{ actor: string }>(one.program, 'resolve', { handle: other.handle });
    expect(found.actor).toBe(other.actor);
    const follow = await ask<{ id: string; status: number }>(one.program, 'follow', { to: found.actor });
    expect(follow.status).toBe(202);
    expect(await hears(other, 'Follow')).toMatchObject({ actor: one.actor, object: other.actor, activity: follow.id });
    await ask(one.program, 'undo', { to: found.actor, activity: follow.id });
    expect(await hears(other, 'Undo')).toMatchObject({ object: follow.id });
  });

  test('refuses for the time being when it is deaf', async () => {
    await ask(other.program, 'deaf', { deaf: true });
    expect(await ask(one.program, 'create', { to: other.actor, content: 'x' })).toMatchObject({ status: 503 });
    await ask(other.program, 'deaf', { deaf: false });
    expect(await ask(one.program, 'create', { to: other.actor, content: 'x' })).toMatchObject({ status: 202 });
  });

  test('says what it does not understand', async () => {
    await expect(ask(one.program, 'dance')).rejects.toThrow(/there is no op dance/);
    await expect(ask(one.program, 'follow')).rejects.toThrow(/needs to/);
  });
});
