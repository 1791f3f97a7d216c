// A deployment that is killed after each of its changes, again and again, ends as one that ran through. Wrangler is real,
// Cloudflare's API a stand-in.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { exitCodes } from '../../../home-node/cli/exit-codes.ts';
import { DeploymentRig } from '../../support/cloudflare/deployment-rig.ts';
import { edgeMigrations } from '../../support/cloudflare/edge-migrations.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

let rig: DeploymentRig;

beforeAll(async () => {
  rig = await DeploymentRig.open();
});

afterAll(async () => {
  await rig.close();
});

test('killed after each change and run again, it makes each thing once and ends with everything', async () => {
  const { account } = rig.cloudflare;
  // Without hosts from the second time on: they are remembered before anything is made.
  let args: readonly string[] = ['--hosts', 'example.org'];
  let kills = 0;
  for (;;) {
    const before = account.changes.length;
    const ran = await rig.deploy([...args, '--json'], { killAt: () => true });
    args = [];
    if (account.changes.length === before) {
      expect(ran, ran.err).toMatchObject({ code: 0 });
      expect(JSON.parse(ran.out)).toMatchObject({ changes: ['Claim code: made for example.org.'] });
      break;
    }
    expect(ran.code).toBeNull();
    expect(account.changes).toHaveLength(before + 1);
    kills += 1;
  }
  expect(account.changes).toEqual([
    'database porchlight-directory',
    'bucket porchlight-store',
    'tables of porchlight-directory',
    ...edgeMigrations.map((name) => `migration ${name}`),
    'worker porchlight',
    'domains example.org',
  ]);
  expect(kills).toBe(5 + edgeMigrations.length);
  const remembered: unknown = JSON.parse(readFileSync(join(rig.deployment, 'porchlight.json'), 'utf8'));
  expect(remembered).toEqual({ account: expect.any(String), hosts: ['example.org'], leaving: [] });
  expect(rig.cloudflare.unknown).toEqual([]);
});

test('ended by Ctrl-C it says what stays, and ends with the code that shells give for that', async () => {
  const ran = await rig.deploy(['--hosts', 'social.example.org', '--name', 'another'], { interruptAt: () => true });
  expect(ran.err).toContain('Broken off. What was made stays; run it again, it goes on from there.');
  expect(ran.code).toBe(exitCodes.brokenOff);
});
