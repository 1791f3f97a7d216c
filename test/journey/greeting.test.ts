// A peer that heard nothing of this home for a week, as one that gave the domain up before it had an edge, is greeted on the
// first morning: after home has taken what waited, and once.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askNode } from '../../home-node/control/client.ts';
import type { NodeReport } from '../../home-node/control/report.ts';
import { limits } from '../../shared/limits.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { ask, Program, until } from '../support/processes.ts';

let folder: string;
let domain: Domain;
let peer: Program;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-greeting-'));
  const certificates = await makeCertificates(folder);
  const tls = ['--tls-key', certificates.keyFile, '--tls-cert', certificates.certFile];
  peer = new Program('peer', ['local/neighbour.ts', ...tls], { NODE_EXTRA_CA_CERTS: certificates.caFile });
  const ready = await peer.line<{ origin: string }>((line) => line.listening !== undefined);
  domain = await Domain.start({ folder, certificates, peerOrigins: [ready.origin] });
});

afterAll(async () => {
  await domain?.end();
  await peer?.kill();
  rmSync(folder, { recursive: true, force: true });
});

type Heard = { readonly type: string; readonly object: string | null };

/** Types of activities that the peer took, in order. */
const heard = async (): Promise<readonly string[]> =>
  (await ask<readonly Heard[]>(peer, 'received')).map(({ type }) => type);

const awake = async (): Promise<true> =>
  await until('home is awake', async () => {
    const report = await askNode<NodeReport>(domain.homeFolder, 'status').catch(() => null);
    return report?.state === 'awake' ? true : null;
  });

test('a peer that may have given the domain up is greeted after what waited, once', { timeout: 120_000 }, async () => {
  domain.startHome();
  await awake();
  const owner = `${domain.origin}/users/owner`;
  await ask(peer, 'follow', { to: owner });
  await until('it follows', async () => ((await heard()).includes('Accept') ? true : null));
  await askNode(domain.homeFolder, 'sleep', { wakeAt: null });

  const database = new DatabaseSync(join(domain.homeFolder, 'home', 'actor', 'actor.sqlite'), { timeout: 5_000 });
  database.exec(`UPDATE followers SET since = ${Date.now() - limits.greetAfterMs}`);
  database.close();
  await ask(peer, 'follow', { to: owner });
  await askNode(domain.homeFolder, 'wake');
  await until('it is greeted', async () => ((await heard()).includes('Update') ? true : null));
  await until('what waited is answered', async () => ((await heard()).length === 3 ? true : null));
  // What waited was taken before.
  expect(domain.home.log).toMatch(/Delivered 1; nothing more is in hand\.\n(.*\n)*?.*Greeted 1 of 1 peers/);

  await askNode(domain.homeFolder, 'sleep', { wakeAt: null });
  await askNode(domain.homeFolder, 'wake');
  await awake();
  await ask(peer, 'follow', { to: owner });
  await until('what came since', async () => ((await heard()).length === 4 ? true : null));
  expect((await heard()).filter((type) => type === 'Update')).toHaveLength(1);
  const report = await askNode<NodeReport>(domain.homeFolder, 'status');
  expect(report.progress).toBeNull();
});
