// What the benchmark of the lane rests on: its load counts every answer and stops at a wrong one, and what its senders
// sign is proof for the judge.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, requestBytes } from '../../bench/activitypub/exchange.ts';
import { Senders } from '../../bench/activitypub/senders.ts';
import { publicKeyFromPem } from '../../shared/signature/public-key.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { verifySignature } from '../../shared/signature/verify.ts';

let server: Server;
let origin: string;
const bodies: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(body === 'wrong' ? 401 : 202, { 'content-length': 0 }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const post = (body: string): Buffer => requestBytes('POST', '/inbox', { host: 'here.test' }, body);

describe('exchange()', () => {
  test('sends each request once and resolves when all are answered', async () => {
    const sent = Array.from({ length: 50 }, (_, at) => `number ${at}`);
    expect(await exchange(origin, sent.map(post), 202)).toBeGreaterThan(0);
    expect(bodies).toHaveLength(sent.length);
    expect(new Set(bodies)).toEqual(new Set(sent));
  });

  test('rejects when one is answered with another status', async () => {
    await expect(exchange(origin, [post('right'), post('wrong')], 202)).rejects.toThrow('answered 401, not 202');
  });
});

describe('what the senders of the benchmark send', () => {
  for (const by of ['cavage', 'rfc9421'] as const) {
    test(`is proven by ${by}, and by no other key`, async () => {
      const senders = await Senders.open();
      try {
        const { headers } = senders.post('s1', 'here.test', by);
        const list = Object.entries(headers);
        const signature = readSignature({
          method: 'POST',
          scheme: 'http',
          host: 'here.test',
          path: '/inbox',
          headers: list,
        });
        expect(signature.by).toBe(by);
        const other = by === 'cavage' ? 'rfc9421' : 'cavage';
        expect(await verifySignature(signature, publicKeyFromPem(senders.publicKeyPem(by)))).toBe(true);
        const verifies = await verifySignature(signature, publicKeyFromPem(senders.publicKeyPem(other))).catch(
          () => false,
        );
        expect(verifies).toBe(false);
      } finally {
        senders.close();
      }
    });
  }
});
