// Which answers keep a service up, from porchlight.toml to what the home node reports: with a real home node, whose edge
// is out of reach, and real servers.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimFileName } from '../../../home-node/claim-file.ts';
import { HomeNode } from '../../../home-node/node.ts';
import type { ServiceEntry } from '../../../home-node/services/supervisor.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/processes.ts';

let folder: string;
let node: HomeNode | null;
let server: Server;
/** By path; 404 for others. */
let statuses: Record<string, number>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-health-'));
  node = null;
  statuses = {};
  server = createServer(({ url }, response) => response.writeHead(statuses[url ?? ''] ?? 404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await node?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function start(services: string): Promise<void> {
  const edge = `https://127.0.0.1:${await freePort()}`;
  writeFileSync(join(folder, 'porchlight.toml'), `domain = "home.example"\nedge = "${edge}"\n${services}`);
  writeFileSync(join(folder, claimFileName), JSON.stringify({ homeId: 'h', edge, hosts: ['home.example'] }));
  node = await HomeNode.start({ folder, claimCode: null, logLevel: 'error', wakeAt: null, replaySince: null });
}

const external = (more = ''): string =>
  `[[services]]\nname = "x"\nkind = "activitypub"\nurl = "http://127.0.0.1:${(server.address() as AddressInfo).port}"\ninboxes = ["/inbox"]\n${more}`;

async function service(): Promise<ServiceEntry> {
  const [one] = (await node?.report())?.home?.services ?? [];
  if (one === undefined) throw new Error('The home has no service.');
  return one;
}

const isUp = async (): Promise<unknown> =>
  await until('the service is up', async () => ((await service()).state === 'up' ? true : null));

describe('a service is up', () => {
  test('that is the embedded site without a front page', async () => {
    mkdirSync(join(folder, 'home', 'site'), { recursive: true });
    writeFileSync(join(folder, 'home', 'site', 'about.html'), 'about');
    await start('');
    await isUp();
    const answer = await fetch(`${(await service()).origin}/`);
    await answer.body?.cancel();
    expect(answer.status).toBe(404);
  });

  test.each([401, 403, 404, 405, 429])('that is a server whose front page answers %i', async (status) => {
    statuses['/'] = status;
    await start(external());
    await isUp();
  });
});

describe('a service is down', () => {
  test.each([
    ['answers 500 at its front page', '', { '/': 500 }],
    ['answers 404 at the health path of its owner', 'health = "/up"\n', { '/': 200, '/up': 404 }],
    ['answers 503 at the health path of its owner', 'health = "/up"\n', { '/': 200, '/up': 503 }],
  ])('that %s, and up when that is mended', async (_, more, answers) => {
    Object.assign(statuses, answers);
    let asked = 0;
    server.on('request', () => {
      asked += 1;
    });
    await start(external(more));
    await until('it was asked', () => (asked > 2 ? true : null));
    expect(await service()).toMatchObject({ state: 'down', why: 'starting' });
    for (const path of Object.keys(statuses)) statuses[path] = 200;
    await isUp();
  });
});
