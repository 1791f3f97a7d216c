// The parts of a deployment that need no wrangler: what may be used, what failures mean, what was typed, what is remembered.

import { spawnSync } from 'node:child_process';
import dns from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readSource, writeConfiguration } from '../../../local/deploy/configuration.ts';
import { leadsSomewhere } from '../../../local/deploy/names.ts';
import { readDeployOptions } from '../../../local/deploy/options.ts';
import { type Facts, hindrance, objections } from '../../../local/deploy/ownership.ts';
import { deploymentFiles, readRemembered, remember } from '../../../local/deploy/remembered.ts';
import { failureOf } from '../../../local/deploy/wrangler-failure.ts';
import { limits } from '../../../shared/limits.ts';

const folders: string[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'porchlight-deploy-parts-'));
  folders.push(made);
  return made;
}

const emptyAccount = { databaseId: null, bucket: false, worker: null };
const ourWorker = {
  vars: { BUILD: 'b1', OPERATOR_KEY: 'k1' },
  isPorchlight: true,
  bucket: 'p-store',
  databaseId: 'd1',
};

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    source: {
      name: 'p',
      database: { name: 'p-directory', binding: 'DIRECTORY' },
      bucket: { name: 'p-store', binding: 'STORE' },
      migrations: [{ name: '0001.sql', sql: '' }],
    },
    hosts: ['a.example'],
    remembered: null,
    account: emptyAccount,
    applied: null,
    live: new Map([['a.example', { is: 'nothing' }]]),
    operatorKey: null,
    newOperatorKey: false,
    ...changes,
  };
}

const codes = (changes: Partial<Facts>): string[] => objections(facts(changes)).map(({ code }) => code);
const about = (build: string) => ({ software: 'porchlight', version: '1', build, linkVersions: [1] }) as const;
const live = (build: string) => new Map([['a.example', { is: 'edge', about: about(build) } as const]]);
const remembered = { account: 'x', hosts: ['a.example', 'b.example'], leaving: [] };

describe('objections()', () => {
  test('has none to an empty account, to what a run made that was broken off, and to an edge that is ours', () => {
    expect(codes({})).toEqual([]);
    const half = { ...emptyAccount, databaseId: 'd1', bucket: true };
    expect(codes({ account: half, remembered, hosts: remembered.hosts })).toEqual([]);
    const account = { databaseId: 'd1', bucket: true, worker: ourWorker };
    expect(codes({ account, applied: ['0001.sql'], live: live('b1'), operatorKey: 'k1' })).toEqual([]);
  });

  test('objects to every thing of another under these names', () => {
    expect(codes({ account: { ...emptyAccount, databaseId: 'd1' } })).toEqual(['not-ours']);
    expect(codes({ account: { ...emptyAccount, databaseId: 'd1' }, applied: ['theirs.sql'] })).toEqual(['not-ours']);
    expect(codes({ account: { ...emptyAccount, bucket: true } })).toEqual(['not-ours']);
    const worker = { ...ourWorker, isPorchlight: false };
    expect(codes({ account: { ...emptyAccount, worker } })).toEqual(['not-ours']);
    const elsewhere = { ...ourWorker, bucket: 'other-store' };
    expect(codes({ account: { ...emptyAccount, bucket: true, worker: elsewhere } })).toEqual(['not-ours']);
  });

  test('objects to hosts that lead to another site or another edge, and to a build that only claims to be ours', () => {
    expect(codes({ live: new Map([['a.example', { is: 'other', found: 'a blog' }]]) })).toEqual(['not-ours']);
    expect(codes({ live: live('b2') })).toEqual(['not-ours']);
    expect(codes({ live: live('source'), account: { ...emptyAccount, worker: { ...ourWorker, vars: {} } } })).toEqual([
      'not-ours',
    ]);
    const stranger = { ...ourWorker, isPorchlight: false };
    expect(codes({ live: live('b1'), account: { ...emptyAccount, worker: stranger } })).toEqual([
      'not-ours',
      'not-ours',
    ]);
  });

  test('objects when a host is left out, and when the edge knows another key', () => {
    expect(codes({ remembered })).toEqual(['hosts-left-out']);
    const account = { ...emptyAccount, worker: ourWorker };
    expect(codes({ account, operatorKey: 'k2' })).toEqual(['operator-key-other']);
    expect(codes({ account, operatorKey: 'k2', newOperatorKey: true })).toEqual([]);
  });
});

test('hindrance(): a lost key is never replaced unasked', () => {
  const account = { ...emptyAccount, worker: ourWorker };
  expect(hindrance(facts({ account }))?.code).toBe('operator-key-lost');
  expect(hindrance(facts({ account, newOperatorKey: true }))).toBeNull();
  expect(hindrance(facts({ account, operatorKey: 'k2' }))).toBeNull();
  expect(hindrance(facts())).toBeNull();
});

describe('failureOf()', () => {
  const ran = (err: string, report: object[] = []) => ({ out: '', err, report: report as [], failed: true });

  test('tells what a token lacks, that R2 is not switched on, and otherwise repeats wrangler', () => {
    const denied = failureOf(
      ['d1', 'list', '--json'],
      ran('✘ [ERROR] A request failed.\n\n  Authentication error [code: 10000]'),
    );
    expect(denied.code).toBe('cloudflare-permission');
    expect(denied.message).toContain('`wrangler d1 list`');
    const r2 = failureOf(['r2', 'bucket', 'list'], ran('', [{ type: 'command-failed', code: 10_042, message: '' }]));
    expect(r2.code).toBe('storage-not-enabled');
    const other = failureOf(['deploy'], ran('✘ [ERROR] Zone not found\n\n🪵  Logs were written to "x"\n'));
    expect([other.code, other.message]).toEqual([
      'wrangler-failed',
      expect.stringContaining('wrangler says: Zone not found. What'),
    ]);
  });
});

describe('readDeployOptions()', () => {
  test('reads hosts as they are meant', () => {
    const read = readDeployOptions(['--hosts', ' Example.org., social.example.org,example.org'], {});
    expect(read?.hosts).toEqual(['example.org', 'social.example.org']);
    expect(readDeployOptions(['--help'], {})).toBeNull();
  });

  test('refuses what no zone can have, and more hosts than one home may claim', () => {
    const many = Array.from({ length: limits.claimHosts + 1 }, (_, at) => `h${at}.example.org`).join();
    for (const args of [
      ['--hosts', ''],
      ['--hosts', 'localhost'],
      ['--hosts', 'example.org:8443'],
      ['--hosts', '192.0.2.1'],
      ['--hosts', 'https://example.org'],
      ['--hosts', '*.example.org'],
      ['--hosts', many],
      ['--name', 'Mine'],
      ['--name', '../x'],
      ['--name', 'x'.repeat(53)],
      ['--wait', 'long'],
      ['--nonsense'],
    ]) {
      expect(() => readDeployOptions(args, {}), args.join(' ')).toThrow(expect.objectContaining({ code: 'options' }));
    }
  });
});

test('what is remembered is read as it was written, and anything else is refused', () => {
  const files = deploymentFiles(folder(), 'p');
  expect(readRemembered(files)).toBeNull();
  remember(files, remembered);
  expect(readRemembered(files)).toEqual(remembered);
  for (const text of [
    '',
    '{"account": "x"}',
    '{"account":"x","hosts":[],"leaving":[]}',
    '{"account":"x","hosts":[1],"leaving":[]}',
  ]) {
    writeFileSync(files.remembered, text);
    expect(() => readRemembered(files), text).toThrow(expect.objectContaining({ code: 'deployment-file' }));
  }
});

test('a build changes with code, key, database and migrations, and not with hosts or the place on disk', async () => {
  const source = await readSource('p');
  const place = { hosts: ['a.example'], accountId: 'x', databaseId: 'd1', operatorKey: 'k1' };
  const build = (changed = {}, from = source): string =>
    writeConfiguration(folder(), from, { ...place, ...changed }).build;
  const first = build();
  expect([build(), build({ hosts: ['b.example'] }), build({ accountId: null })]).toEqual([first, first, first]);
  const others = [
    build({ operatorKey: 'k2' }),
    build({ databaseId: 'd2' }),
    build({}, { ...source, bundle: `${source.bundle} ` }),
    build({}, { ...source, migrations: [...source.migrations, { name: '9999.sql', sql: '' }] }),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});

test('the bundle is the same wherever the command was called', async () => {
  const module = JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'local', 'deploy', 'configuration.ts'));
  const program = `const { readSource } = await import(${module}); process.stdout.write((await readSource('p')).bundle);`;
  const elsewhere = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder(),
    encoding: 'utf8',
  });
  expect(elsewhere.stdout === (await readSource('p')).bundle, elsewhere.stderr).toBe(true);
});

describe('leadsSomewhere()', () => {
  const answer = (code: string) => async () => await Promise.reject(Object.assign(new Error(code), { code }));

  test('asks the zone’s own name servers', async () => {
    const ns = vi.spyOn(dns.promises, 'resolveNs').mockResolvedValue(['ns.example.net']);
    vi.spyOn(dns.promises, 'resolve4').mockResolvedValue(['192.0.2.53'] as never);
    const servers = vi.spyOn(dns.promises.Resolver.prototype, 'setServers');
    const asked = vi.spyOn(dns.promises.Resolver.prototype, 'resolve').mockImplementation(answer('ENOTFOUND'));
    expect(await leadsSomewhere('social.example.co.uk')).toBe(false);
    expect(ns).toHaveBeenCalledWith('example.co.uk');
    expect(servers).toHaveBeenCalledWith(['192.0.2.53']);
    asked.mockImplementation((async (_: string, type: string) =>
      type === 'CNAME' ? ['elsewhere.example'] : await answer('ENODATA')()) as never);
    expect(await leadsSomewhere('social.example.co.uk')).toBe(true);
  });

  test('does not take silence for absence', async () => {
    vi.spyOn(dns.promises, 'resolveNs').mockImplementation(answer('ETIMEOUT'));
    await expect(leadsSomewhere('a.example')).rejects.toMatchObject({ code: 'names-unreachable' });
  });
});
