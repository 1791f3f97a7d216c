// `porchlight doctor` as an owner runs it, a process of its own, before a real edge: before the claim, after it, with a
// home node that runs and one that sleeps, and when the edge is gone.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Finding, Verdict } from '../../../home-node/doctor/check.ts';
import { allChecks } from '../../../home-node/doctor/checks/index.ts';
import { makeCertificates } from '../../support/certificates.ts';
import { Domain } from '../../support/domain.ts';
import { porchlight, type Ran } from '../../support/porchlight.ts';

let folder: string;
let domain: Domain;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-doctor-'));
  domain = await Domain.start({ folder, certificates: await makeCertificates(folder), peerOrigins: [] });
}, 60_000);

afterAll(async () => {
  await domain.end();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<Ran> {
  const env = { PORCHLIGHT_HOME: domain.homeFolder, NODE_EXTRA_CA_CERTS: domain.caFile };
  return await porchlight(args, { env });
}

/** The verdicts of each check, in the order of its findings. */
async function examined(): Promise<{ code: number | null; found: Record<string, Verdict[]>; all: readonly Finding[] }> {
  const { code, out, err } = await run('doctor', '--json');
  if (out === '') throw new Error(err);
  const all = JSON.parse(out) as Finding[];
  const found: Record<string, Verdict[]> = {};
  for (const { check, verdict } of all) found[check] = [...(found[check] ?? []), verdict];
  return { code, found, all };
}

async function untilState(state: string): Promise<void> {
  const isSo = async (): Promise<boolean> => (await run('status', '--json')).out.includes(`"state": "${state}"`);
  await vi.waitUntil(isSo, { timeout: 20_000 });
}

describe('porchlight doctor', { timeout: 60_000 }, () => {
  test('before the claim names the claim, changes nothing, and ends with 5', async () => {
    const before = readdirSync(domain.homeFolder);
    const { code, found, all } = await examined();
    expect(code).toBe(5);
    expect(all.filter(({ verdict }) => verdict === 'fault').map(({ check }) => check)).toEqual(['claim']);
    expect(found).toMatchObject({
      config: ['well'],
      key: ['warning'],
      node: ['warning'],
      edge: ['unchecked'],
      clock: ['well'],
      addresses: ['well'],
      callers: expect.arrayContaining(['unchecked']),
      fediverse: ['unchecked', 'unchecked'],
    });
    expect(readdirSync(domain.homeFolder)).toEqual(before);
  });

  test('claimed, before home was ever up, finds no fault', async () => {
    await run('claim', domain.claimCode);
    const { code, found } = await examined();
    expect(code).toBe(0);
    expect(found).toMatchObject({ claim: ['well'], key: ['well'], edge: ['well'], versions: ['well'] });
  });

  test('with a home that is awake finds all well, and says what cannot be checked on one machine', async () => {
    domain.startHome();
    await untilState('awake');
    const { code, found, all } = await examined();
    expect(code).toBe(0);
    expect(all.filter(({ verdict }) => verdict !== 'well').map(({ check }) => check)).toEqual(['names']);
    expect(Object.keys(found)).toEqual(allChecks.map(({ name }) => name));
    expect(found.node).toEqual(['well', 'well', 'well', 'well']);
  });

  test('says each finding in a line with a sign and words, and what was not checked in the end', async () => {
    const { code, out, err } = await run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^✓ edge +localhost:\d+: the edge answers/m);
    expect(out).toMatch(/^– names +localhost: not checked: /m);
    expect(out).toMatch(/All is well\.\nNot checked, or not wholly: names\.\n$/);
    expect(err).toMatch(/^checking \.\.\.$/m);
  });

  test('with a home that sleeps finds no fault: strangers are answered for it', async () => {
    await run('sleep', '--until', '8h');
    const { code, found } = await examined();
    expect(code).toBe(0);
    expect(found).toMatchObject({ node: ['well'], fediverse: ['well', 'well'], callers: ['well'], ledger: ['well'] });
  });

  test('says how old the snapshot is also of a home that does not run', async () => {
    await domain.sleep();
    // What the edge says of itself may be limits.statusFreshMs old.
    const said = async (): Promise<string | null> => {
      const { code, all } = await examined();
      expect(code).toBe(0);
      const snapshot = all.find(({ check }) => check === 'snapshot');
      return snapshot?.verdict === 'well' ? snapshot.found : null;
    };
    const found = await vi.waitUntil(said, { timeout: 30_000 });
    expect(found).toMatch(/^the edge answers by what home left at 20\d\d-.*, \d+ (s|min) ago$/);
  });

  test('when the edge is gone names that once, and leaves what hangs on it unchecked', async () => {
    await domain.killEdge();
    const { code, found, all } = await examined();
    expect(code).toBe(5);
    expect(all.filter(({ verdict }) => verdict === 'fault').map(({ check }) => check)).toEqual(['edge']);
    for (const check of ['clock', 'addresses', 'callers', 'fediverse', 'versions', 'snapshot']) {
      expect(new Set(found[check])).toEqual(new Set(['unchecked']));
    }
    const { out } = await run('doctor');
    expect(out).toMatch(/^✗ edge .*: fault: .*\n +→ \S/m);
    expect(out).toContain('1 fault to mend, 1 warning.');
  });

  test('what others chose cannot move the cursor or forge a line', async () => {
    const other = mkdtempSync(join(tmpdir(), 'porchlight-doctor-'));
    writeFileSync(join(other, 'porchlight.toml'), 'domain = "a\\u001b[2Jb"\n');
    const { code, out } = await run('doctor', '--home', other);
    rmSync(other, { recursive: true });
    expect(code).toBe(5);
    expect(out).toContain('✗ config');
    expect(out).not.toContain('\u001b');
  });
});
