// The package on arm64: the same tarball, an arm64 Node under emulation, against an edge of this machine. What differs
// from the other processor is Node and its SQLite and crypto; of ours there is only text (contents.test.ts).

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arm64Node, hasArm64 } from '../support/arm64.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { type Installed, install, type Packed, pack } from '../support/installed-package.ts';
import { until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

describe.skipIf(!hasArm64)('a home on arm64', () => {
  let folder: string;
  let node: string;
  let packed: Packed;
  let installed: Installed;
  let domain: Domain;
  let get: (url: string) => Promise<Response>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-arm64-'));
    mkdirSync(join(folder, 'bin'));
    node = arm64Node(join(folder, 'bin'));
    packed = pack();
    installed = install(packed, process.execPath);
    const certificates = await makeCertificates(folder);
    get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
    domain = await Domain.start({ folder, certificates, peerOrigins: [] });
  });

  afterAll(async () => {
    await domain?.end();
    packed?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is one: its Node says so, and so do the processes that it starts', () => {
    const asks = 'console.log(require("child_process").execFileSync(process.execPath, ["-p", "process.arch"]) + "")';
    expect(execFileSync(node, ['-p', 'process.arch']).toString().trim()).toBe('arm64');
    expect(execFileSync(node, ['-e', asks]).toString().trim()).toBe('arm64');
  });

  test('makes its key, opens its ledger, claims and carries a page of the embedded home', async () => {
    const home = domain.startHome([], join(installed.package, 'dist', 'main.js'), installed.environment, node);
    await until(
      'a page from home itself',
      async () => {
        if (home.child.exitCode !== null) throw new Error(`Home ended:\n${home.log}`);
        const { status, headers } = await get(`${domain.origin}/`);
        return status === 200 && headers.get('age') === null ? true : null;
      },
      120_000,
    );
    expect(home.log).not.toContain('Warning');
  });

  test('goes to bed at SIGTERM, with its ledger whole and its page left behind', async () => {
    await domain.sleep();
    const ledger = new DatabaseSync(join(domain.homeFolder, 'ledger.sqlite'), { readOnly: true });
    expect(ledger.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    ledger.close();
    expect((await get(`${domain.origin}/`)).headers.get('age')).toMatch(/^\d+$/);
  });
});
