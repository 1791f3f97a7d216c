// What stands in the way of a deployment, as the operator reads it; and that nothing was touched before. Wrangler is real,
// Cloudflare's API a stand-in.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeploymentRig } from '../../support/cloudflare/deployment-rig.ts';
import { accountId } from '../../support/cloudflare/stand-in.ts';

// Some deploy several times, each with several wranglers, on machines that may be busy with others.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

let rig: DeploymentRig;

beforeEach(async () => {
  rig = await DeploymentRig.open();
});

afterEach(async () => {
  await rig.close();
});

const hosts = ['--hosts', 'example.org'];

/** What is left on this machine of a deployment that was refused: at most what wrangler was given to look with. */
function remembered(): readonly string[] {
  const files = existsSync(rig.deployment) ? readdirSync(rig.deployment) : [];
  return files.filter((file) => file !== 'porchlight');
}

async function refused(
  code: string,
  words: string,
  args: readonly string[] = hosts,
  env: Readonly<Record<string, string>> = {},
) {
  const ran = await rig.deploy([...args, '--json'], { env });
  const { error } = JSON.parse(ran.err.trim().split('\n').at(-1) ?? '') as { error: { code: string; message: string } };
  expect(error).toEqual({ code, message: expect.stringContaining(words) });
  expect(ran.code).not.toBe(0);
  expect(rig.cloudflare.account.changes).toEqual([]);
}

test('nobody is logged in: says how to', async () => {
  await refused('not-logged-in', 'npx wrangler login', hosts, { CLOUDFLARE_API_TOKEN: '' });
  expect(remembered()).toEqual([]);
});

test('a token that may not: says what it must be allowed', async () => {
  rig.cloudflare.forbidden.push('/d1/database');
  await refused('cloudflare-permission', 'D1 Edit, Workers R2 Storage Edit');
});

test('another account than the one that was deployed to', async () => {
  mkdirSync(rig.deployment);
  const elsewhere = { account: 'f'.repeat(32), hosts: ['example.org'], leaving: [] };
  writeFileSync(join(rig.deployment, 'porchlight.json'), JSON.stringify(elsewhere));
  await refused('account-unclear', 'is not among those of this login');
  await refused('account-unclear', `CLOUDFLARE_ACCOUNT_ID is ${accountId}`, [], { CLOUDFLARE_ACCOUNT_ID: accountId });
});

test('a Worker, a database and a bucket of somebody else stay as they are, unless that is said', async () => {
  const { account } = rig.cloudflare;
  const database = account.addDatabase('porchlight-directory');
  database.sqlite.exec('CREATE TABLE theirs (x)');
  await refused('not-ours', 'a database porchlight-directory is there');
  account.buckets.push('porchlight-store');
  const worker = account.worker('porchlight');
  worker.versions.push({ id: account.id(), metadata: { bindings: [] }, script: 'theirs' });
  worker.live = worker.versions[0]?.id ?? null;
  await refused('not-ours', 'a Worker porchlight is there that is no Porchlight edge');
  expect(remembered()).toEqual([]);
  // Another name is free.
  const other = await rig.deploy([...hosts, '--name', 'mine', '--dry-run']);
  expect(other.out).toContain('make the D1 database mine-directory');
  const said = await rig.deploy([...hosts, '--yes']);
  expect(said, said.err).toMatchObject({ code: 0 });
  expect(worker.domains).toEqual(['example.org']);
  expect(database.sqlite.prepare('SELECT count(*) AS tables FROM theirs').all()).toHaveLength(1);
});

test('a host that leads somewhere already keeps its DNS record', async () => {
  // Nothing of ours listens there.
  rig.setNames({ 'example.org': 9 });
  await refused('not-ours', 'example.org leads somewhere already');
  expect(remembered()).toEqual([]);
});

test('an edge that does not answer at its host: says what was found there, and goes on from there the next time', async () => {
  rig.goesLive = false;
  const ran = await rig.deploy([...hosts, '--wait', '0']);
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('found no such name in the DNS at example.org') });
  const { changes } = rig.cloudflare.account;
  expect(changes.at(-1)).toBe('domains example.org');
  rig.setNames({ 'example.org': 9 });
  const again = await rig.deploy(['--wait', '0', '--json']);
  expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/found .*ECONNREFUSED.* at example.org/) });
  expect(again.err).toContain('"code":"edge-silent"');
  expect(changes.filter((change) => change.startsWith('worker'))).toHaveLength(1);
});
