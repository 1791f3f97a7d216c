// A delivery of the night reaches a service at home with a receipt that the service's hook finds good: the edge, the home node
// and its record of absences as they are.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bodyDigest, readReceipt } from '../../home-node/receipts/receipt.ts';
import { readSecret } from '../../home-node/receipts/secret.ts';
import { serviceSecret } from '../../home-node/receipts/service-receipts.ts';
import { untilAwake } from '../support/porchlight.ts';
import { RecordedDomain } from '../support/recorded-domain.ts';

interface Arrived {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

const arrived: Arrived[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'POST') arrived.push({ request, body: Buffer.concat(parts) });
    response.statusCode = 202;
    response.end();
  });
});

let house: RecordedDomain;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const servicesToml = `[[services]]\nname = "social"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
  house = await RecordedDomain.start('receipt', ['alice'], async () => await Promise.resolve({ servicesToml }));
  house.domain.startHome();
  await untilAwake(house.domain.homeFolder);
}, 120_000);

afterAll(async () => {
  await house?.end();
  server.close();
});

test('what came while home slept comes with its receipt, for this request and this service alone', async () => {
  await house.domain.sleep();
  const before = Date.now();
  expect(await house.deliver('alice', `${house.peerOrigin}/creates/1`)).toBe(202);
  expect(arrived).toEqual([]);
  house.domain.startHome();
  await vi.waitFor(() => expect(arrived).toHaveLength(1), { timeout: 60_000 });

  const [{ request, body } = { request: null, body: Buffer.alloc(0) }] = arrived;
  if (request === null) throw new Error('nothing arrived');
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    headers.push([request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? '']);
  }
  const subject = {
    ...{ method: 'POST', scheme: 'https' as const, host: request.headers.host ?? '', path: request.url ?? '' },
    ...{ headers, bodySha256: bodyDigest(body) },
  };
  const receipts = headers.filter(([name]) => name.toLowerCase() === 'porchlight-receipt');
  expect(receipts).toHaveLength(1);
  const receipt = receipts[0]?.[1] ?? '';
  const secret = readSecret(join(house.domain.homeFolder, 'receipt-secret'));
  const times = readReceipt(serviceSecret(secret, 'social'), subject, receipt);
  expect(times?.receivedAt).toBeGreaterThanOrEqual(before - 1_000);
  expect(times?.madeAt).toBeGreaterThanOrEqual(times?.receivedAt ?? Number.POSITIVE_INFINITY);
  expect(readReceipt(serviceSecret(secret, 'videos'), subject, receipt)).toBeNull();
  expect(readReceipt(serviceSecret(secret, 'social'), { ...subject, path: '/other' }, receipt)).toBeNull();
});
