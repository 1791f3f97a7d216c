// A night with the package as an owner has it, on each Node that it promises to run on: it claims, carries a page, a
// delivery reaches the embedded home, SIGTERM brings it to bed, and after a power cut it comes up again.

import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { type Installed, install, type Packed, pack } from '../support/installed-package.ts';
import { hasOtherNodes, otherNodes, skipUnless } from '../support/other-nodes.ts';
import { ask, Program, until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

skipUnless(hasOtherNodes, 'nights on the oldest Node', 'Other Nodes are not in test/nodes');

let packed: Packed;

beforeAll(() => {
  packed = pack();
});

afterAll(() => packed?.remove());

const nodes = [
  { name: 'the oldest Node that is promised', node: otherNodes.lowest, there: hasOtherNodes },
  { name: 'the Node of the project', node: process.execPath, there: true },
];

describe.each(nodes)('a home on $name', ({ node, there }) => {
  let folder: string;
  let installed: Installed;
  let certificates: Certificates;
  let domain: Domain;
  let nadia: Program;
  let get: (url: string) => Promise<Response>;

  beforeAll(async () => {
    if (!there) return;
    installed = install(packed, node);
    folder = mkdtempSync(join(tmpdir(), 'porchlight-packed-'));
    mkdirSync(join(folder, 'empty'));
    certificates = await makeCertificates(folder);
    get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
    const tls = ['--tls-key', certificates.keyFile, '--tls-cert', certificates.certFile];
    nadia = new Program('nadia', ['local/neighbour.ts', ...tls], { NODE_EXTRA_CA_CERTS: certificates.caFile });
    const { origin } = await nadia.line<{ origin: string }>((line) => line.listening !== undefined);
    domain = await Domain.start({ folder, certificates, peerOrigins: [origin] });
  });

  afterAll(async () => {
    await domain?.end();
    await nadia?.kill();
    if (there) rmSync(folder, { recursive: true, force: true });
  });

  /** Everything of the package, nothing of this working tree, and the environment of an owner. */
  function startHome(): Program {
    const environment = { ...installed.environment, NODE_OPTIONS: '', NODE_COMPILE_CACHE: '' };
    return domain.startHome([], join(installed.package, 'dist', 'main.js'), environment, node);
  }

  const page = async (): Promise<{ status: number; age: string | null; text: string }> => {
    const answer = await get(`${domain.origin}/`);
    return { status: answer.status, age: answer.headers.get('age'), text: await answer.text() };
  };
  const pageFromHome = async (): Promise<string> =>
    await until('a page from home itself', async () => {
      const { status, age, text } = await page();
      return status === 200 && age === null ? text : null;
    });

  test.skipIf(!there)('claims and carries a page, in silence about anything but its work', async () => {
    const home = startHome();
    expect(await pageFromHome()).toContain('<!doctype html>');
    expect(readlinkSync(`/proc/${home.child.pid ?? 0}/exe`)).toBe(realpathSync(node));
    expect(readFileSync(join(domain.homeFolder, 'home.json'), 'utf8')).toContain(domain.host);
    for (const line of home.log.split('\n')) expect(line).toMatch(/^\S+Z (info|warn) /);
  });

  test.skipIf(!there)('takes a delivery to the embedded home, which answers it', async () => {
    const to = `${domain.origin}/users/owner`;
    await until('the actor', async () => ((await get(to)).status === 200 ? true : null));
    expect(await ask(nadia, 'follow', { to })).toMatchObject({ status: 202 });
    const heard = await nadia.line<{ received: { type: string } }>((line) => line.received !== undefined);
    expect(heard.received.type).toBe('Accept');
  });

  test.skipIf(!there)('comes up again on the same folder after it was killed', async () => {
    await domain.killHome();
    startHome();
    await pageFromHome();
  });

  test.skipIf(!there)('goes to bed at SIGTERM and leaves its page behind', async () => {
    const { home } = domain;
    const { text } = await page();
    await domain.sleep();
    expect(home.log).toContain('Bedtime');
    expect(await page()).toEqual({ status: 200, age: expect.stringMatching(/^\d+$/), text });
  });
});
