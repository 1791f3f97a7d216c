// Home wakes with a wrong clock, with the real edge: what waits there goes on waiting, and is delivered when it is set.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../support/certificates.ts';
import { Domain } from '../../support/domain.ts';
import { ask, freePort, Program, until } from '../../support/processes.ts';

let folder: string;
let domain: Domain;
let peer: Program;
let service: Program;
let actor: string;

const record = (): string => join(folder, 'record.jsonl');
const clockOff = (): string => join(folder, 'clock-off');
const thirtyYearsMs = 30 * 365 * 24 * 3_600_000;
const taken = (): string[] =>
  existsSync(record())
    ? readFileSync(record(), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { id: string }).id)
    : [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-clock-'));
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

function startHome(offMs: number): void {
  writeFileSync(clockOff(), String(offMs));
  domain.startHome(['--log', 'debug'], 'test/support/home-with-set-clock.ts', { CLOCK_OFF: clockOff() });
}

async function deliver(name: string): Promise<string> {
  const id = `${actor}/${name}`;
  const body = JSON.stringify({ id, type: 'Create', actor, object: { type: 'Note', id: `${id}/note` } });
  const inbox = `${domain.origin}/inbox`;
  expect(await ask(peer, 'deliver', { from: 'ada', inbox, body })).toMatchObject({ status: 202 });
  return id;
}

const says = async (text: string): Promise<true> =>
  await until(`home says "${text}"; it said:\n${domain.home.log}`, () =>
    domain.home.log.includes(text) ? true : null,
  );

describe('a home that wakes with a wrong clock takes nothing, loses nothing, and goes on when it is set', () => {
  const twentyDaysMs = 20 * 24 * 3_600_000;
  const cases = [
    ['30 years behind', -thirtyYearsMs, '10950 days behind the edge'],
    ['20 days ahead', twentyDaysMs, '20 days ahead of the edge'],
  ] as const;

  test.each(cases)(
    '%s',
    async (name, offMs, said) => {
      const before = taken();
      startHome(0);
      await says('is up at');
      const ids = [await deliver(`evening, ${name}`)];
      await until('the evening', () => (taken().length === before.length + 1 ? true : null));
      await domain.sleep();
      ids.push(await deliver(`night 1, ${name}`), await deliver(`night 2, ${name}`));

      startHome(offMs);
      await says(said);
      ids.push(await deliver(`morning, ${name}`));
      expect(taken()).toEqual([...before, ...ids.slice(0, 1)]);

      writeFileSync(clockOff(), '0');
      await until(`all; home said:\n${domain.home.log}`, () =>
        taken().length === before.length + ids.length ? true : null,
      );
      expect(taken()).toEqual([...before, ...ids]);
      const { log } = domain.home;
      expect(log.split('Cannot take deliveries')).toHaveLength(2);
      expect(log).not.toMatch(/: (later|dead), /);
      await domain.sleep();
    },
    120_000,
  );
});
