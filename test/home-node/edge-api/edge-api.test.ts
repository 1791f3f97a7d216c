// What each of home's calls asks of the edge: method, path and body, as the edge's table of routes has them.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EdgeApi } from '../../../home-node/edge-api/edge-api.ts';
import { SignedCalls } from '../../../home-node/edge-api/signed-calls.ts';
import { systemRandom } from '../../../shared/clock.ts';

let server: Server;
let calls: SignedCalls;
let api: EdgeApi;
let asked: string[];
let reply: { status: number; body: unknown };

beforeEach(async () => {
  asked = [];
  reply = { status: 200, body: {} };
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(reply.status).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const edge = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  calls = new SignedCalls({ edge, key: privateKey, random: systemRandom });
  calls.use({ homeId: 'h', session: 's', epoch: 1 });
  api = new EdgeApi(calls);
});

afterEach(async () => {
  await calls.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the owner’s calls', () => {
  const each: [string, () => Promise<unknown>][] = [
    ['GET /.porchlight/v1/spool', () => api.spool()],
    ['GET /.porchlight/v1/spool/waiting?after=0&limit=100', () => api.waiting()],
    ['GET /.porchlight/v1/spool/waiting?after=17&limit=5', () => api.waiting(17, 5)],
    ['GET /.porchlight/v1/spool/deliveries/17', () => api.delivery(17)],
    ['GET /.porchlight/v1/spool/deliveries/..%2Fx%3Fy', () => api.delivery('../x?y')],
    ['POST /.porchlight/v1/spool/waiting/17/now', () => api.hurry(17)],
    ['POST /.porchlight/v1/spool/waiting/17/discard', () => api.discardWaiting(17)],
    ['POST /.porchlight/v1/spool/kept/17/replay', () => api.replayOne(17)],
    ['GET /.porchlight/v1/dead-letters', () => api.deadLetters()],
    ['POST /.porchlight/v1/dead-letters/17/retry', () => api.retryDead(17)],
    ['POST /.porchlight/v1/dead-letters/17/discard', () => api.discardDead(17)],
  ];

  test.each(each)('%s', async (line, call) => {
    await call();
    expect(asked).toEqual([line]);
  });

  test('give what the edge says', async () => {
    reply = { status: 200, body: { deliveries: [], next: 7 } };
    expect(await api.waiting()).toEqual({ deliveries: [], next: 7 });
  });

  test('tell why the edge refused', async () => {
    reply = { status: 404, body: { code: 'not-waiting', detail: 'Cannot find waiting delivery 17.' } };
    await expect(api.discardWaiting(17)).rejects.toMatchObject({
      code: 'edge-refused',
      reason: 'not-waiting',
      message: expect.stringContaining('delivery 17'),
    });
  });
});
