// Which service a carried request is for, and what is never carried though the edge should ask.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCarrier } from '../../../home-node/services/carrier.ts';

let server: Server;
let origin: string | null;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(path: string, host = 'a.example'): Promise<number> {
  const carrier = createCarrier([{ name: 'a', hosts: ['a.example'], origin: () => origin }]);
  const request = { method: 'GET', path, host, headers: [], body: null };
  try {
    return (await carrier.serve(request, new AbortController().signal)).status;
  } finally {
    await carrier.close();
  }
}

test('a request goes to the service that has its host, in any case', async () => {
  expect(await ask('/page?x=1', 'A.Example')).toBe(200);
  expect(asked).toEqual(['/page?x=1']);
});

test('a host that no service has is not answered', async () => {
  await expect(ask('/', 'b.example')).rejects.toMatchObject({ code: 'not-served' });
  expect(asked).toEqual([]);
});

test('what is between home and its edge never reaches a service, however it is spelled', async () => {
  for (const path of [
    '/.porchlight/leavings',
    '/.porchlight',
    '/.porchlight?x',
    '/%2eporchlight/leavings',
    '/.PORCHLIGHT/x',
  ]) {
    await expect(ask(path)).rejects.toMatchObject({ code: 'not-served' });
  }
  expect(asked).toEqual([]);
});

test('a service that is down is said to be down', async () => {
  origin = null;
  await expect(ask('/')).rejects.toMatchObject({ code: 'service-down' });
});
