// A data folder that fell back to an earlier state, with the real edge: home notices, and asks for what it has forgotten.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificates } from '../../support/certificates.ts';
import { Domain } from '../../support/domain.ts';
import { ask, freePort, Program, until } from '../../support/processes.ts';

let folder: string;
let domain: Domain;
let peer: Program;
let service: Program;
let actor: string;

const record = (): string => join(folder, 'record.jsonl');
const taken = (): string[] =>
  existsSync(record())
    ? readFileSync(record(), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { id: string }).id)
    : [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-back-'));
  const certificates = await makeCertificates(folder);
  const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  const [peerPort, servicePort] = [await freePort(), await freePort()];
  const peerOrigin = `https://localhost:${peerPort}`;
  actor = `${peerOrigin}/accounts/ada`;
  const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
  const peerArgs = ['--port', String(peerPort), ...tls, '--actors', 'ada'];
  peer = new Program('peer', ['test/support/peers/signing-peer.ts', ...peerArgs], environment);
  const serviceArgs = ['--port', String(servicePort), '--record', record()];
  service = new Program('service', ['test/support/peers/recording-service.ts', ...serviceArgs], environment);
  await Promise.all([peer.line((line) => line.ready === true), service.line((line) => line.ready === true)]);
  const servicesToml = `[[services]]\nname = "recorder"\nkind = "activitypub"\nurl = "http://127.0.0.1:${servicePort}"\ninboxes = ["/inbox"]\n`;
  domain = await Domain.start({ folder, certificates, peerOrigins: [peerOrigin], servicesToml });
}, 60_000);

afterAll(async () => {
  await domain?.end();
  await peer?.kill();
  await service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function deliver(name: string): Promise<void> {
  const id = `${actor}/${name}`;
  const body = JSON.stringify({ id, type: 'Create', actor, object: { type: 'Note', id: `${id}/note` } });
  const { status } = await ask<{ status: number }>(peer, 'deliver', {
    from: 'ada',
    inbox: `${domain.origin}/inbox`,
    body,
  });
  expect(status).toBe(202);
}

const reached = async (name: string, times: number): Promise<true> =>
  await until(`${name} is taken ${times} times; home said:\n${domain.home.log}`, () =>
    taken().filter((id) => id === `${actor}/${name}`).length === times ? true : null,
  );

test('home notices that its data folder fell back, and delivers again what it has forgotten, and only that', async () => {
  domain.startHome();
  await until('home is connected', () => (domain.home.log.includes('is up at') ? true : null));
  await deliver('remembered');
  await reached('remembered', 1);
  await domain.sleep();
  const backup = join(folder, 'backup');
  cpSync(domain.homeFolder, backup, { recursive: true });

  domain.startHome();
  await deliver('forgotten');
  await reached('forgotten', 1);
  await domain.sleep();
  rmSync(domain.homeFolder, { recursive: true });
  cpSync(backup, domain.homeFolder, { recursive: true });

  domain.startHome();
  await reached('forgotten', 2);
  expect(domain.home.log).toContain('fell back to an earlier state');
  await deliver('last');
  await reached('last', 1);
  expect(taken().filter((id) => id.endsWith('/remembered'))).toHaveLength(1);
  await domain.sleep();

  // What it has asked for once it does not miss any more.
  domain.startHome();
  await deliver('after all');
  await reached('after all', 1);
  expect(domain.home.log).not.toContain('fell back');
  expect(taken().filter((id) => id.endsWith('/forgotten'))).toHaveLength(2);
}, 120_000);
