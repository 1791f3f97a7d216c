// A deployment as an operator lives through it: the first time, again, with a further host, and with a home that claims.
// Wrangler and the edge are real; Cloudflare's API is a stand-in (test/support/cloudflare/stand-in.ts), so nothing here has
// run on Cloudflare.

import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { programVersion } from '../../../home-node/program-files.ts';
import { DeploymentRig } from '../../support/cloudflare/deployment-rig.ts';
import { edgeMigrations } from '../../support/cloudflare/edge-migrations.ts';
import { porchlight } from '../../support/porchlight.ts';
import { Program, until } from '../../support/processes.ts';

// Some deploy several times, each with several wranglers, on machines that may be busy with others.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

let rig: DeploymentRig;
const root = join(import.meta.dirname, '..', '..', '..');

interface Told {
  readonly build: string;
  readonly changes: readonly string[];
  readonly code: { readonly is: string; readonly code?: string; readonly hosts?: readonly string[] };
}

beforeAll(async () => {
  rig = await DeploymentRig.open();
});

afterAll(async () => {
  await rig.close();
});

/** What was changed in the account since it was last asked. */
function changes(): readonly string[] {
  return rig.cloudflare.account.changes.splice(0);
}

async function deployed(...args: string[]): Promise<Told> {
  const ran = await rig.deploy([...args, '--json']);
  expect(ran, ran.err).toMatchObject({ code: 0 });
  expect(rig.cloudflare.unknown).toEqual([]);
  return JSON.parse(ran.out) as Told;
}

describe('npm run deploy', () => {
  let build: string;

  test('makes exactly what is missing, in this order, and says what the owner types next', async () => {
    const ran = await rig.deploy(['--hosts', 'example.org']);
    expect(ran, ran.err).toMatchObject({ code: 0 });
    expect(changes()).toEqual([
      'database porchlight-directory',
      'bucket porchlight-store',
      'tables of porchlight-directory',
      ...edgeMigrations.map((name) => `migration ${name}`),
      'worker porchlight',
      'domains example.org',
    ]);
    expect(rig.cloudflare.unknown).toEqual([]);
    const [, code = ''] = /^ {2}porchlight claim ((\w{4}-){6}\w{4})$/m.exec(ran.out) ?? [];
    expect(code).not.toBe('');
    expect(ran.err).not.toContain(code);
    expect(ran.out).toContain('porchlight init --domain example.org');
    expect(ran.out).toMatch(/PORCHLIGHT_EDGE=https:\/\/example\.org PORCHLIGHT_OPERATOR_KEY=\S+operator-key\.json/);
  });

  test('uploads what the local edge runs, with its bindings, the public half of the key and its own build', async () => {
    const worker = rig.cloudflare.account.worker('porchlight');
    const [version] = worker.versions;
    const keyFile = join(rig.deployment, 'porchlight.operator-key.json');
    const key = JSON.parse(readFileSync(keyFile, 'utf8')) as { x: string; d: string };
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const about = await rig.about('example.org');
    build = about.build;
    expect(build).toMatch(/^[0-9a-f]{32}$/);
    expect(about.version).toBe(programVersion());
    expect(version?.metadata.bindings).toEqual(
      expect.arrayContaining([
        { name: 'LINK', type: 'durable_object_namespace', class_name: 'LinkObject' },
        { name: 'SPOOL', type: 'durable_object_namespace', class_name: 'SpoolObject' },
        { name: 'DIRECTORY', type: 'd1', id: rig.cloudflare.account.databases[0]?.uuid },
        { name: 'STORE', type: 'r2_bucket', bucket_name: 'porchlight-store' },
        { name: 'OPERATOR_KEY', type: 'plain_text', text: key.x },
        { name: 'BUILD', type: 'plain_text', text: build },
        { name: 'DEV_KEY_ORIGINS', type: 'plain_text', text: '' },
      ]),
    );
    const everything = JSON.stringify([
      version?.metadata,
      readFileSync(join(rig.deployment, 'porchlight.json'), 'utf8'),
    ]);
    expect(everything).not.toContain(key.d);
  });

  test('asked again, only reads, and says that nothing had to be changed', async () => {
    const ran = await rig.deploy([]);
    expect(ran, ran.err).toMatchObject({ code: 0 });
    expect(changes()).toEqual([]);
    expect(ran.out).toContain('Nothing had to be changed.');
    expect(ran.out).toContain('waits to be used');
    expect(await deployed()).toMatchObject({ build, changes: [], code: { is: 'waiting', hosts: ['example.org'] } });
  });

  test('a dry run says that nothing would be changed, and what would be for a further host', async () => {
    const same = await rig.deploy(['--dry-run']);
    expect(same.out).toBe('Nothing would be changed.\n');
    const more = await rig.deploy(['--dry-run', '--hosts', 'example.org,social.example.org']);
    expect(more.out).toBe('Would:\n  attach example.org, social.example.org\n');
    expect(changes()).toEqual([]);
  });

  test('another code is made when it is asked for, and the one that waited lets nobody in', async () => {
    const { code } = await deployed('--new-code');
    expect(code).toMatchObject({ is: 'issued', hosts: ['example.org'] });
    const edge = await rig.edge();
    expect(await edge.query('SELECT hosts FROM claim_codes')).toHaveLength(1);
    expect(changes()).toEqual([]);
  });

  test('a home claims with the code, its link opens, and it answers at the host', async () => {
    const code = (await deployed('--new-code')).code.code ?? '';
    const home = join(rig.folder, 'home');
    const env = { ...rig.env, NODE_OPTIONS: rig.names.args.join(' ') };
    const init = await porchlight([
      'init',
      '--domain',
      'example.org',
      '--admin',
      'you@example.org',
      '--yes',
      '--home',
      home,
    ]);
    expect(init, init.err).toMatchObject({ code: 0 });
    const claimed = await porchlight(['claim', code, '--home', home], { env });
    expect(claimed, claimed.err).toMatchObject({ code: 0 });
    const program = [...rig.names.args, join(root, 'home-node', 'cli', 'index.ts'), 'up', '--home', home];
    const up = new Program('home', program, rig.env);
    try {
      const page = await until('the home answers at its host', async () => {
        const got = await rig.get('example.org', '/');
        return got.status === 200 ? got.text : null;
      });
      expect(page).toContain('<html');
    } finally {
      await up.stop();
    }
    expect(await deployed()).toMatchObject({ changes: [], code: { is: 'not-needed' } });
  });

  test('a host that is added later adds a domain and a code for it, and nothing else', async () => {
    const { code, build: same } = await deployed('--hosts', 'example.org,social.example.org');
    expect(changes()).toEqual(['domains example.org social.example.org']);
    expect(same).toBe(build);
    expect(code).toMatchObject({ is: 'issued', hosts: ['social.example.org'] });
  });

  test('a host is left out only when that is said', async () => {
    const ran = await rig.deploy(['--hosts', 'example.org']);
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('social.example.org would not be answered') });
    expect(changes()).toEqual([]);
    await deployed('--hosts', 'example.org', '--yes');
    expect(changes()).toEqual(['domains example.org']);
  });

  test('a lost operator’s key is not replaced in silence; a new one is, and homes stay', async () => {
    const keyFile = join(rig.deployment, 'porchlight.operator-key.json');
    rmSync(keyFile);
    const refused = await rig.deploy([]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--new-operator-key') });
    const told = await deployed('--new-operator-key');
    expect(changes()).toEqual(['version of porchlight', 'worker porchlight']);
    expect(told.code).toEqual({ is: 'not-needed' });
    expect(told.build).not.toBe(build);
    // One that is there is put aside, never overwritten.
    const before = readFileSync(keyFile, 'utf8');
    await deployed('--new-operator-key');
    const { x } = JSON.parse(before) as { x: string };
    expect(readFileSync(join(rig.deployment, `porchlight.operator-key.until-${x.slice(0, 8)}.json`), 'utf8')).toBe(
      before,
    );
  });
});
