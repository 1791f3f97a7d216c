// Visitors come all the while: the edge is killed and started again, home is killed and started again, the line between the
// two is cut, or goes dead without a word. Nobody who asks for a page is told that it cannot be had, and whoever sends a form
// gets an answer, or is told honestly to send it again.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { untilAwake } from '../support/porchlight.ts';
import { until } from '../support/processes.ts';
import { tally, type Visit, Visitors } from '../support/visitors.ts';

let folder: string;
let service: Server;
let domain: Domain;
let visitors: Visitors;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-interruptions-'));
  // Answers after a moment, so that something is always under way.
  service = createServer((request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end(request.url), Math.random() * 80));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as AddressInfo;
  const servicesToml = `[[services]]\nname = "pages"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
  domain = await Domain.start({ folder, certificates: await makeCertificates(folder), peerOrigins: [], servicesToml });
  domain.startHome();
  await untilAwake(domain.homeFolder);
});

afterEach(async () => {
  await visitors?.end();
});

afterAll(async () => {
  await domain?.end();
  service?.closeAllConnections();
  service?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function come(): Promise<void> {
  const ca = readFileSync(domain.caFile, 'utf8');
  visitors = new Visitors({ port: domain.edgePort, host: domain.host, ca, getsPerSecond: 20, postsPerSecond: 4 });
  onTestFailed(() => console.error(`${JSON.stringify(tally(visitors.visits))}\nHome said:\n${domain.home.log}`));
  await served();
}

/** Some who come from now on get what they want. */
async function served(): Promise<void> {
  const from = Date.now();
  const isServed = ({ startedAt, method, status }: Visit, of: string): boolean =>
    startedAt >= from && method === of && status === 200;
  await until('visitors who are served', () => {
    const count = (of: string): number => visitors.visits.filter((visit) => isServed(visit, of)).length;
    return count('GET') >= 20 && count('POST') >= 3 ? true : null;
  });
}

/** Every GET was answered by the service; every POST was, or is told to come again. */
async function nobodyWasFailed(visits: readonly Visit[] | undefined = undefined): Promise<void> {
  const all = visits ?? (await visitors.end());
  const gets = all.filter(({ method }) => method === 'GET');
  expect(tally(gets)).toEqual({ 'GET 200': gets.length });
  for (const { method, status, retryAfter, body } of all) {
    if (method === 'GET') expect(body).toMatch(/^\/get\/\d+$/);
    else if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
    else expect([status, body]).toEqual([200, expect.stringMatching(/^\/post\/\d+$/)]);
  }
}

/** What the edge took before it was killed, or could not take, has no answer at all: that is for whoever asked to repeat. */
function answered(visits: readonly Visit[]): readonly Visit[] {
  return visits.filter(({ status }) => status !== null);
}

describe('no page is refused', () => {
  test('while home is killed and started again', async () => {
    await come();
    for (let n = 0; n < 3; n += 1) {
      await domain.killHome();
      domain.startHome();
      await served();
    }
    await nobodyWasFailed();
  });

  test('while the edge is killed and started again, once it took the request', async () => {
    await come();
    for (let n = 0; n < 2; n += 1) {
      await domain.killEdge();
      await domain.startEdge();
      await served();
    }
    const visits = await visitors.end();
    expect(answered(visits).length).toBeGreaterThan(visits.length / 4);
    await nobodyWasFailed(answered(visits));
  });

  test('while the line is cut again and again', async () => {
    await come();
    for (let n = 0; n < 5; n += 1) {
      domain.cutWire();
      await served();
    }
    await nobodyWasFailed();
  });

  test('while the line is dead without a word, and no longer than it takes to notice', async () => {
    await come();
    domain.freezeWire();
    await served();
    const visits = await visitors.end();
    await nobodyWasFailed(visits);
    const longest = Math.max(...visits.map(({ tookMs }) => tookMs));
    expect(longest).toBeLessThan(limits.linkPingMs + limits.linkPongMs + limits.carryHoldMs);
    expect(longest).toBeGreaterThan(limits.linkPongMs / 2);
  });
});
