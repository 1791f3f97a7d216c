// Through everything that a visitor's request passes (TLS, the router, the link, the home node) a visitor who leaves is
// noticed at the service within a second, also where the edge says nothing: nobody works for somebody who has gone.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

let folder: string;
let domain: Domain;
let service: Server;
let ca: string;
const came = new Set<string>();
const closedAt = new Map<string, number>();

beforeAll(async () => {
  service = createServer((request, response) => {
    const path = request.url ?? '';
    came.add(path);
    request.on('error', () => undefined);
    response.on('close', () => closedAt.set(path, performance.now()));
    if (path === '/poll') return;
    if (path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    } else {
      response.end('up');
    }
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as AddressInfo;
  folder = mkdtempSync(join(tmpdir(), 'porchlight-leaving-'));
  const certificates = await makeCertificates(folder);
  ca = readFileSync(certificates.caFile, 'utf8');
  const servicesToml = `[[services]]\nname = "live"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
  domain = await Domain.start({ folder, certificates, peerOrigins: [], servicesToml });
  domain.startHome();
  const fetch = trustingFetch(ca);
  await until('home', async () => ((await fetch(`${domain.origin}/up`)).status === 200 ? true : null));
});

afterAll(async () => {
  await domain?.end();
  service?.closeAllConnections();
  service?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A visitor whose connection can be reset: TLS itself would say goodbye first. */
async function visitor(path: string): Promise<{ readonly tcp: Socket; text: string }> {
  const { hostname, port, host } = new URL(domain.origin);
  const tcp = connectTcp(Number(port), '127.0.0.1');
  const tls = connectTls({ socket: tcp, servername: hostname, ca });
  const one = { tcp, text: '' };
  for (const socket of [tcp, tls]) socket.on('error', () => undefined);
  tls.on('data', (part: Buffer) => {
    one.text += part.toString('latin1');
  });
  tls.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
  await vi.waitUntil(() => came.has(path), { timeout: 20_000, interval: 5 });
  return one;
}

test.each([
  ['/poll', ''],
  ['/events', 'data: 1'],
])('a visitor who leaves %s in silence is noticed at the service within a second', async (path, begun) => {
  const one = await visitor(path);
  await vi.waitUntil(() => one.text.includes(begun), { timeout: 20_000, interval: 5 });
  const at = performance.now();
  one.tcp.resetAndDestroy();
  await vi.waitUntil(() => closedAt.has(path), { timeout: 20_000, interval: 5 });
  expect((closedAt.get(path) ?? 0) - at).toBeLessThan(1000);
});
